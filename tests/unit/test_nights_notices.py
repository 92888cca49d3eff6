"""Notices of failed nights: what is sent, what is never sent or told, and that nothing of it can fail or hang a night."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from pipelines.nights.notices import Delivery, failed_night, send
from pipelines.settings import Settings
from tests.support.servers import Mail, Web, mail, web

KEY = "key-0123456789"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JIXIAO_WEBHOOK_URL", "JIXIAO_WEBHOOK_TOKEN", "JIXIAO_SMTP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    with web() as server:
        monkeypatch.setenv("JIXIAO_WEBHOOK_URL", f"http://127.0.0.1:{server.port}/send?key={KEY}")
        yield server


@pytest.fixture
def post_office() -> Iterator[Mail]:
    with mail() as server:
        yield server


def settings(tmp_path: Path, **given: Any) -> Settings:
    return Settings.load(home=tmp_path, language="zh", **given)


def by_mail(tmp_path: Path, server: Mail, **given: Any) -> Settings:
    to = "a@example.test, b@example.test"
    places: dict[str, Any] = {
        "smtp_host": "127.0.0.1",
        "smtp_port": server.port,
        "mail_from": "night@example.test",
        "mail_to": to,
    }
    return settings(tmp_path, **{"smtp_security": "none", **places, **given})


def tell(of: Settings, failures: dict[str, str] | None = None) -> list[Delivery]:
    return send(failed_night(of, failures or {"warehouse_models": "dbt: 表 mart_x 失败"}, "n1", "r1"), of)


def test_without_channels_nothing_is_sent(tmp_path: Path) -> None:
    assert tell(settings(tmp_path)) == []


def test_webhook_gets_the_failures_as_json(tmp_path: Path, listener: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIXIAO_WEBHOOK_TOKEN", "t0k3n")
    assert tell(settings(tmp_path)) == [Delivery("webhook")]
    (body,) = listener.bodies
    assert body["event"] == "night.failed"
    assert (body["night_id"], body["run_id"]) == ("n1", "r1")
    assert body["failures"] == {"warehouse_models": "dbt: 表 mart_x 失败"}
    assert "计算规则与集市" in body["text"]
    assert listener.sent_headers[0]["Authorization"] == "Bearer t0k3n"


@pytest.mark.parametrize(
    ("form", "path"), [("wecom", "text.content"), ("dingtalk", "text.content"), ("feishu", "content.text")]
)
def test_webhook_speaks_to_chat_services(tmp_path: Path, listener: Web, form: str, path: str) -> None:
    assert tell(settings(tmp_path, webhook_format=form), {"lake": "甲" * 5000}) == [Delivery("webhook")]
    outer, inner = path.split(".")
    (body,) = listener.bodies
    assert "甲" in body[outer][inner] and len(body[outer][inner]) <= 1500
    assert body.get("msgtype", body.get("msg_type")) == "text"


def test_a_service_that_refuses_in_its_answer_is_told(tmp_path: Path, listener: Web) -> None:
    listener.answer = b'{"errcode": 93000, "errmsg": "invalid webhook url"}'
    (delivery,) = tell(settings(tmp_path, webhook_format="wecom"))
    assert delivery.problem is not None and "93000" in delivery.problem


@pytest.mark.parametrize("status", [302, 403, 500])
def test_an_answer_other_than_ok_is_told_and_the_token_goes_nowhere_else(
    tmp_path: Path, listener: Web, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web() as other:
        listener.status, listener.headers = status, {"Location": f"http://127.0.0.1:{other.port}/"}
        monkeypatch.setenv("JIXIAO_WEBHOOK_TOKEN", "t0k3n")
        (delivery,) = tell(settings(tmp_path))
        assert other.bodies == []
    assert delivery.problem is not None and str(status) in delivery.problem


def test_an_answer_that_never_comes_costs_the_time_limit_only(tmp_path: Path, listener: Web) -> None:
    listener.wait = Event()
    (delivery,) = tell(settings(tmp_path, notify_timeout_seconds=1))
    assert delivery.problem is not None


@pytest.mark.parametrize("url", ["file:///etc/passwd?" + KEY, "nonsense " + KEY, "http://[" + KEY, "http://127.0.0.1:1/" + KEY])
def test_no_problem_tells_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("JIXIAO_WEBHOOK_URL", url)
    (delivery,) = tell(settings(tmp_path))
    assert delivery.problem is not None
    assert KEY not in delivery.problem


def test_secrets_in_what_failed_are_not_sent(tmp_path: Path, listener: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIXIAO_SMTP_PASSWORD", "p4ssw0rd")
    tell(settings(tmp_path), {"lake": "login with p4ssw0rd failed"})
    assert listener.bodies[0]["failures"] == {"lake": "login with *** failed"}


def test_mail_goes_to_everyone(tmp_path: Path, post_office: Mail) -> None:
    assert tell(by_mail(tmp_path, post_office)) == [Delivery("mail")]
    (message,) = post_office.messages
    assert "绩效夜间加载失败" in message["Subject"]
    assert [str(address.addr_spec) for address in message["To"].addresses] == ["a@example.test", "b@example.test"]
    assert "mart_x" in message.get_content()


def test_mail_logs_in_on_loopback(tmp_path: Path, post_office: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIXIAO_SMTP_PASSWORD", "p4ssw0rd")
    assert tell(by_mail(tmp_path, post_office, smtp_user="night")) == [Delivery("mail")]
    assert any(line.startswith("AUTH") for line in post_office.commands)


def test_a_password_is_not_sent_in_the_clear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIXIAO_SMTP_PASSWORD", "p4ssw0rd")
    names = {"smtp_host": "mail.invalid", "smtp_user": "night", "mail_from": "a@example.test", "mail_to": "b@example.test"}
    (delivery,) = tell(settings(tmp_path, smtp_security="none", **names))
    assert delivery.problem is not None and "TLS" in delivery.problem


def test_a_recipient_that_is_refused_is_told(tmp_path: Path, post_office: Mail) -> None:
    post_office.refused = {"b@example.test"}
    (delivery,) = tell(by_mail(tmp_path, post_office))
    assert delivery.problem is not None and "b@example.test" in delivery.problem
    assert len(post_office.messages) == 1


def test_a_mail_setting_that_is_missing_is_named(tmp_path: Path) -> None:
    (delivery,) = tell(settings(tmp_path, smtp_host="127.0.0.1", mail_to="b@example.test"))
    assert delivery.problem is not None and "mail_from" in delivery.problem


def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(tmp_path: Path, post_office: Mail) -> None:
    (delivery,) = tell(by_mail(tmp_path, post_office, smtp_security="starttls"))
    assert delivery.problem is not None
    assert post_office.messages == []


def test_both_channels_are_independent(tmp_path: Path, listener: Web, post_office: Mail) -> None:
    listener.status = 500
    deliveries = tell(by_mail(tmp_path, post_office))
    assert [(entry.channel, entry.problem is None) for entry in deliveries] == [("webhook", False), ("mail", True)]
