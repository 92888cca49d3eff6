"""Notices of a failed night: a webhook and e-mail.

Belongs here: sending, within a time limit, what went wrong to whom the settings name. Does not belong here: judging whether a
night failed. Nothing raises here: a notice that cannot be sent is told by its `Delivery`, without secrets.
"""

from __future__ import annotations

import json
import smtplib
import socket
import ssl
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from pipelines.nights.history import latest_page
from pipelines.nights.page import wording
from pipelines.settings import Settings, secret, without_secrets

MAX_TEXT = 1500  # chat services refuse more than about 2,000 bytes of text
ANSWER_BYTES = 10_000
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class NoticeError(RuntimeError):
    """A notice cannot be sent as the settings ask for; the message says which to correct."""


@dataclass(frozen=True)
class Notice:
    """What to say: one line, more lines, and the same for machines."""

    subject: str
    text: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Delivery:
    """What became of a notice: `channel` is webhook or mail, `problem` null where it was sent."""

    channel: str
    problem: str | None = None


# What the services expect: their own fields, and the text in one of them.
_PAYLOADS: dict[str, Callable[[Notice], dict[str, Any]]] = {
    "json": lambda notice: {"event": "night.failed", "subject": notice.subject, "text": notice.text, **notice.facts},
    "wecom": lambda notice: {"msgtype": "text", "text": {"content": _whole(notice)}},
    "dingtalk": lambda notice: {"msgtype": "text", "text": {"content": _whole(notice)}},
    "feishu": lambda notice: {"msg_type": "text", "content": {"text": _whole(notice)}},
}


def _whole(notice: Notice) -> str:
    return f"{notice.subject}\n{notice.text}"[:MAX_TEXT]


def failed_night(settings: Settings, failures: dict[str, str], night_id: str | None, run_id: str | None) -> Notice:
    """The notice of a night that failed, in the settings' language; `failures` names stages and what they said."""
    words = {key: texts[settings.language] for key, texts in wording().items()}
    clean = {stage: without_secrets(text) for stage, text in failures.items()}
    host = socket.gethostname()
    lines = [f"{words.get(f'stage_{stage}', stage)}: {text}"[:MAX_TEXT] for stage, text in clean.items()]
    lines += [words["notice_kept"], words["notice_look"].format(page=latest_page(settings.home))]
    facts = {"night_id": night_id, "run_id": run_id, "host": host, "home": str(settings.home), "failures": clean}
    return Notice(words["notice_subject"].format(host=host, stages=", ".join(clean)), "\n".join(lines), facts)


def send(notice: Notice, settings: Settings) -> list[Delivery]:
    """Send a notice by every channel that is set, each within `notify_timeout_seconds`; empty where none is."""
    found = []
    if secret("JIXIAO_WEBHOOK_URL"):
        found.append(_try("webhook", settings, lambda: _post(notice, settings)))
    if settings.smtp_host or settings.mail_to:
        found.append(_try("mail", settings, lambda: _mail(notice, settings)))
    return found


def _try(channel: str, settings: Settings, work: Callable[[], None]) -> Delivery:
    """Do the work in a thread: the limits of sockets are for each step alone, and a slow answer has many."""
    limit = settings.notify_timeout_seconds
    outcome = [f"no answer within {limit} seconds"]

    def attempt() -> None:
        try:
            work()
            outcome[0] = ""
        # Whatever a server or a setting brings about, the night is over and must end as it did.
        except Exception as error:
            outcome[0] = f"{type(error).__name__}: {error}"

    thread = Thread(target=attempt, daemon=True, name=f"notice-{channel}")
    thread.start()
    thread.join(limit)
    return Delivery(channel, without_secrets(outcome[0]) or None)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token is for the address that was set, not for another one that its server names."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


def _post(notice: Notice, settings: Settings) -> None:
    address, token = secret("JIXIAO_WEBHOOK_URL") or "", secret("JIXIAO_WEBHOOK_TOKEN")
    if urlsplit(address).scheme not in ("http", "https"):
        raise NoticeError("JIXIAO_WEBHOOK_URL must begin with https:// or http://")
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "jixiao"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = json.dumps(_PAYLOADS[settings.webhook_format](notice), ensure_ascii=False).encode()
    request = urllib.request.Request(address, body, headers, method="POST")
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=settings.notify_timeout_seconds) as answer:
        _check(answer.read(ANSWER_BYTES))


def _check(answer: bytes) -> None:
    """Chat services answer 200 and say in the body that they refused."""
    try:
        said = json.loads(answer)
    except ValueError:
        return
    if not isinstance(said, dict):
        return
    code = said.get("errcode", said.get("code", 0))
    if code not in (0, "0", None):
        raise NoticeError(f"the service refused it: {code} {said.get('errmsg', said.get('msg', ''))}")


def _mail(notice: Notice, settings: Settings) -> None:
    password = secret("JIXIAO_SMTP_PASSWORD")
    for name in ("smtp_host", "mail_from", "mail_to"):
        if not getattr(settings, name):
            raise NoticeError(f"setting {name} is missing")
    if settings.smtp_user and password is None:
        raise NoticeError("JIXIAO_SMTP_PASSWORD is missing; without login, remove smtp_user")
    if settings.smtp_user and settings.smtp_security == "none" and settings.smtp_host not in _LOOPBACK:
        raise NoticeError("a password is not sent without TLS: set smtp_security to starttls or tls")
    message = EmailMessage()
    message["Subject"], message["From"] = notice.subject, settings.mail_from
    message["To"] = ", ".join(address.strip() for address in settings.mail_to.split(","))
    message["Date"], message["Message-ID"] = formatdate(localtime=True), make_msgid(domain="jixiao.invalid")
    message.set_content(notice.text)
    timeout, place = settings.notify_timeout_seconds, (settings.smtp_host, settings.smtp_port)
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(*place, timeout=timeout, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(*place, timeout=timeout)
    with server:
        if settings.smtp_security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.smtp_user and password is not None:
            server.login(settings.smtp_user, password)
        refused = server.send_message(message)
    if refused:
        raise NoticeError(f"refused for {', '.join(refused)}")
