"""Every setting with its default, its environment variable and one line of documentation in Chinese and English.

Belongs here: names, defaults, bounds and where a value comes from (call, environment, `jixiao.toml`, default, in this order).
Does not belong here: what a setting does. Secrets come only from the environment and are never settings: they are read where
they are used, by `secret`, and nothing prints them.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

CONFIG_VARIABLE = "JIXIAO_CONFIG"
CONFIG_NAME = "jixiao.toml"
LANGUAGES = ("zh", "en")
MEGABYTE = 1 << 20
GIGABYTE = 1 << 30

LOG_FORMATS = ("plain", "json")
WEBHOOK_FORMATS = ("json", "wecom", "dingtalk", "feishu")
SMTP_SECURITIES = ("starttls", "tls", "none")

CHECKOUT = Path(__file__).resolve().parents[1]

# The only secrets; a webhook's address is one because chat services put its key in it.
SECRETS = {
    "JIXIAO_WEBHOOK_URL": ("失败通知的 webhook 地址", "Address of the webhook that is told of failed nights"),
    "JIXIAO_WEBHOOK_TOKEN": ("webhook 的令牌（Authorization: Bearer）", "Token for the webhook (Authorization: Bearer)"),
    "JIXIAO_SMTP_PASSWORD": ("邮件服务器的密码", "Password at the mail server"),
}

_UNITS = {"": 1, "KB": 1 << 10, "MB": MEGABYTE, "GB": GIGABYTE}


class SettingsError(ValueError):
    """A setting that cannot be used; the message names the setting, where its value came from and the remedy."""


@dataclass(frozen=True)
class Setting:
    """One documented setting: `default` is the text shown to people, `env` the environment variable."""

    name: str
    env: str
    default: str
    zh: str
    en: str


def _folder(value: Any, base: Path) -> Path:
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise ValueError("a folder's path is expected")
    return (base / Path(value).expanduser()).resolve()


def _count(value: Any, base: Path) -> int:
    """A whole number from 1, written as a number or as digits with KB, MB or GB (of 1024) behind them."""
    match = re.fullmatch(r"(\d+)\s*([KMG]B)?", str(value).strip().upper())
    if isinstance(value, bool) or match is None or int(match[1]) < 1:
        raise ValueError("a whole number from 1 is expected; sizes may end in KB, MB or GB")
    return int(match[1]) * _UNITS[match[2] or ""]


def _percent(value: Any, base: Path) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not text.isdecimal() or int(text) > 100:
        raise ValueError("a whole number from 0 to 100 is expected")
    return int(text)


def _language(value: Any, base: Path) -> str:
    if value not in (*LANGUAGES, "auto"):
        raise ValueError("zh, en or auto is expected")
    return str(value)


def _one_of(*names: str) -> Callable[[Any, Path], str]:
    def parse(value: Any, base: Path) -> str:
        if value not in names:
            raise ValueError(f"one of {', '.join(names)} is expected")
        return str(value)

    return parse


def _line(value: Any, base: Path) -> str:
    """A text of one line; the empty text is none."""
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("a text of one line is expected")
    return value.strip()


def _setting(
    parse: Callable[[Any, Path], Any], default: Any, zh: str, en: str, *, env: str | None = None, shown: str | None = None
) -> dict[str, Any]:
    return {"parse": parse, "default": default, "zh": zh, "en": en, "env": env, "shown": shown}


def _is_checkout() -> bool:
    return (CHECKOUT / "dbt_project").is_dir()


def _megabytes(count: int) -> dict[str, Any]:
    return {"default": count * MEGABYTE, "shown": f"{count} MB"}


@dataclass(frozen=True)
class Settings:
    """All settings, checked and complete: paths are absolute, `language` is zh or en. Build it with `Settings.load()`."""

    project: Path = field(
        metadata=_setting(
            _folder,
            lambda known: CHECKOUT if _is_checkout() else Path(sys.prefix) / "share" / "jixiao",
            "项目目录：dbt_project、expectations、data 所在的目录",
            "Project folder: holds dbt_project, expectations and data",
            shown="the checkout that holds `pipelines`, else what the installation brought",
        )
    )
    raw: Path = field(
        metadata=_setting(
            _folder,
            lambda known: known["project"] / "data" / "raw",
            "原始报告目录，其下为 <城市>/<年度>/",
            "Folder of the raw reports, laid out as <city>/<fiscal year>/",
            shown="<project>/data/raw",
        )
    )
    home: Path = field(
        metadata=_setting(
            _folder,
            lambda known: (known["project"] if _is_checkout() else Path.cwd()) / ".jixiao",
            "数据目录：档案、数据湖、已发布的数据仓库都在其中",
            "Home of everything generated: archive, lake, published releases",
            shown="<project>/.jixiao; of an installation without checkout, .jixiao in the current folder",
        )
    )
    language: str = field(
        metadata=_setting(
            _language,
            "auto",
            "提示信息的语言：zh、en 或 auto（按系统区域设置）",
            "Language of messages: zh, en or auto (by LC_ALL, LC_MESSAGES, LANG)",
            env="JIXIAO_LANG",
        )
    )
    workers: int = field(
        metadata=_setting(
            _count,
            lambda known: os.cpu_count() or 1,
            "同时读取文件的进程数",
            "Processes that read files at the same time",
            shown="number of processors",
        )
    )
    corrections: Path = field(
        metadata=_setting(
            _folder,
            lambda known: known["home"] / "corrections",
            "人工决定（更正、放行、剔除）写入的目录；项目的 expectations/corrections 也会读取",
            "Folder that decisions of people are written to; the project's expectations/corrections is read as well",
            shown="<home>/corrections",
        )
    )
    keep_releases: int = field(
        metadata=_setting(
            _count, 5, "保留最近多少个已发布版本", "How many of the newest releases are kept, the current one included"
        )
    )
    keep_nights: int = field(
        metadata=_setting(
            _count, 60, "保留最近多少夜的记录和夜报", "How many of the newest nights are kept with their record and page"
        )
    )
    log_format: str = field(
        metadata=_setting(
            _one_of(*LOG_FORMATS),
            "plain",
            "运行日志在标准错误上的格式：plain 或 json",
            "Format of the log on standard error: plain or json",
        )
    )
    notify_timeout_seconds: int = field(
        metadata=_setting(
            _count, 20, "发送一条失败通知的时间上限（秒）", "Time for sending one notice of a failed night, in seconds"
        )
    )
    webhook_format: str = field(
        metadata=_setting(
            _one_of(*WEBHOOK_FORMATS),
            "json",
            "失败通知的 webhook 格式：json、wecom、dingtalk 或 feishu",
            "What the webhook is sent when a night fails: json, wecom, dingtalk or feishu",
        )
    )
    smtp_host: str = field(
        metadata=_setting(
            _line, "", "发送失败通知的邮件服务器", "Mail server that sends notices of failed nights", shown="none"
        )
    )
    smtp_port: int = field(metadata=_setting(_count, 587, "邮件服务器的端口", "Port of the mail server"))
    smtp_security: str = field(
        metadata=_setting(
            _one_of(*SMTP_SECURITIES),
            "starttls",
            "与邮件服务器的连接：starttls、tls 或 none",
            "Connection to the mail server: starttls, tls or none",
        )
    )
    smtp_user: str = field(
        metadata=_setting(_line, "", "邮件服务器的用户名", "User name at the mail server", shown="none: no login")
    )
    mail_from: str = field(metadata=_setting(_line, "", "失败通知的发件人", "Sender of notices by mail", shown="none"))
    mail_to: str = field(
        metadata=_setting(
            _line, "", "失败通知的收件人，以逗号分隔", "Who gets notices by mail, separated by commas", shown="none"
        )
    )
    max_lost_rows_pct: int = field(
        metadata=_setting(
            _percent,
            10,
            "新版本比当前版本最多可少百分之几的事实行，超过则不发布",
            "Most fact rows that a release may lose against the current one, in per cent; one that loses more is held back",
        )
    )
    max_lost_departments_pct: int = field(
        metadata=_setting(
            _percent,
            5,
            "新版本比当前版本最多可少百分之几的部门，超过则不发布",
            "Most departments that a release may lose against the current one, in per cent; one that loses more is held back",
        )
    )
    documents_per_child: int = field(
        metadata=_setting(
            _count, 25, "每个读取进程读多少份文件后更换", "Files that one reading process reads before it is replaced"
        )
    )
    limit_file_bytes: int = field(
        metadata=_setting(_count, zh="单个文件的最大字节数", en="Largest file that is read, in bytes", **_megabytes(50))
    )
    limit_zip_entries: int = field(
        metadata=_setting(
            _count,
            2000,
            "压缩格式文件内部件数的上限",
            "Most parts inside a zipped file such as docx, or members of a zip archive",
        )
    )
    limit_zip_depth: int = field(
        metadata=_setting(_count, 3, "压缩包嵌套层数的上限", "Levels of zip archives inside each other")
    )
    limit_part_bytes: int = field(
        metadata=_setting(
            _count,
            zh="压缩格式文件中单个部件解压后的最大字节数",
            en="Largest inflated part of a zipped file, in bytes",
            **_megabytes(100),
        )
    )
    limit_inflated_bytes: int = field(
        metadata=_setting(
            _count, zh="压缩格式文件解压后的总字节数上限", en="Most bytes that a zipped file may inflate to", **_megabytes(200)
        )
    )
    limit_column_span: int = field(metadata=_setting(_count, 64, "单元格横向合并的列数上限", "Widest merged cell, in columns"))
    limit_table_rows: int = field(metadata=_setting(_count, 20_000, "单个表格的行数上限", "Most rows of one table"))
    limit_table_cells: int = field(metadata=_setting(_count, 200_000, "单个表格的单元格数上限", "Most cells of one table"))
    limit_pdf_pages: int = field(metadata=_setting(_count, 600, "PDF 文件的页数上限", "Most pages of a PDF"))
    limit_ocr_pages: int = field(
        metadata=_setting(_count, 60, "需识别文字的页数上限", "Most pages of a file that are pictures")
    )
    limit_ocr_cpu_seconds: int = field(
        metadata=_setting(_count, 300, "每份扫描件的处理器时间上限（秒）", "Processor time for one scanned file, in seconds")
    )
    limit_child_memory_bytes: int = field(
        metadata=_setting(
            _count, 2 * GIGABYTE, "每个读取进程的内存上限（字节）", "Memory of one reading process, in bytes", shown="2 GB"
        )
    )
    limit_child_cpu_seconds: int = field(
        metadata=_setting(_count, 30, "每份文件的处理器时间上限（秒）", "Processor time for one file, in seconds")
    )
    limit_child_wall_seconds: int = field(
        metadata=_setting(_count, 60, "每份文件的总时间上限（秒）", "Elapsed time for one file, in seconds")
    )
    limit_child_output_bytes: int = field(
        metadata=_setting(
            _count, zh="每份文件读取结果的最大字节数", en="Largest result of reading one file, in bytes", **_megabytes(64)
        )
    )

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Settings from, in this order: `overrides` (None counts as not given), environment, `jixiao.toml`, defaults.

        The file is the one that JIXIAO_CONFIG names, else `jixiao.toml` of the current folder if there is one. Relative paths
        in it start at its folder, all others at the current folder. Raises SettingsError for a value that cannot be used and
        for a name that is no setting.
        """
        known = {entry.name: entry for entry in fields(cls)}
        unknown = sorted(overrides.keys() - known.keys())
        if unknown:
            raise SettingsError(f"{', '.join(unknown)}: no such setting; known are {', '.join(known)}")
        path, from_file = _read_file()
        unknown = sorted(from_file.keys() - known.keys())
        if unknown:
            raise SettingsError(f"{path}: {', '.join(unknown)}: no such setting; remove it, known are {', '.join(known)}")
        values: dict[str, Any] = {}
        for name, entry in known.items():
            variable = _variable(name, entry.metadata)
            if overrides.get(name) is not None:
                found, base, source = overrides[name], Path.cwd(), "the call"
            elif os.environ.get(variable):
                found, base, source = os.environ[variable], Path.cwd(), f"environment variable {variable}"
            elif name in from_file:
                found, base, source = from_file[name], path.parent, str(path)
            else:
                default = entry.metadata["default"]
                found, base, source = default(values) if callable(default) else default, Path.cwd(), "default"
            try:
                values[name] = entry.metadata["parse"](found, base)
            except ValueError as error:
                raise SettingsError(f"{name} = {found!r} (from {source}): {error}; correct it there or remove it") from error
        if values["language"] == "auto":
            values["language"] = language_of_locale(os.environ)
        return cls(**values)

    @property
    def limits(self) -> dict[str, int]:
        """Every limit on reading a file, by its name without `limit_`."""
        return {
            entry.name.removeprefix("limit_"): getattr(self, entry.name)
            for entry in fields(self)
            if entry.name.startswith("limit_")
        }


def _variable(name: str, metadata: Mapping[str, Any]) -> str:
    return metadata["env"] or f"JIXIAO_{name.upper()}"


def _read_file() -> tuple[Path, dict[str, Any]]:
    named = os.environ.get(CONFIG_VARIABLE)
    path = Path(named).expanduser().absolute() if named else Path.cwd() / CONFIG_NAME
    if not named and not path.is_file():
        return path, {}
    try:
        return path, tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} (from {CONFIG_VARIABLE}) cannot be read: {error.strerror}; correct the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}; correct that line") from error


def language_of_locale(environment: Mapping[str, str]) -> str:
    """`zh` where the first of LC_ALL, LC_MESSAGES and LANG that is set names a Chinese locale, else `en`."""
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def documented_settings() -> tuple[Setting, ...]:
    """Every setting in order, as data for `jixiao status`, the documentation and its test."""
    return tuple(
        Setting(
            name=entry.name,
            env=_variable(entry.name, entry.metadata),
            default=entry.metadata["shown"] or str(entry.metadata["default"]),
            zh=entry.metadata["zh"],
            en=entry.metadata["en"],
        )
        for entry in fields(Settings)
    )


def secret(variable: str) -> str | None:
    """A secret of `SECRETS` from the environment, None where it is not set. Raises KeyError for any other variable."""
    SECRETS[variable]
    return os.environ.get(variable) or None


def without_secrets(text: str) -> str:
    """A text with every secret in it replaced by ***."""
    for value in filter(None, map(secret, SECRETS)):
        text = text.replace(value, "***")
    return text
