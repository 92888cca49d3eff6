"""Data Docs: a page per table and night below `<home>/data_docs`, readable without a network.

Belongs here: rendering, cutting the pages' references to other hosts, the index, dropping old nights. Does not belong here: the
evaluation. The renderer's own index needs scripts from another host, so the index is ours; its pages are kept.
"""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.home import replace_atomically
from pipelines.quality.validation import Validation

if TYPE_CHECKING:
    from great_expectations.data_context import EphemeralDataContext

NIGHTS_KEPT = 30
NIGHTS = "nights.json"
# The browser refuses whatever a page may still name; texts of reports stand in these pages.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = """
body{font-family:"Noto Sans CJK SC","Source Han Sans SC","PingFang SC","Microsoft YaHei",sans-serif;margin:0 2rem;color:#222}
nav,footer,.sticky,button,.cooltip .top{display:none}
table{border-collapse:collapse;margin:.5rem 0}
td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}
.alert{background:#f3f4f6;padding:.6rem 1rem;margin:1rem 0}
.badge{margin-right:.3rem}
.fa-check-circle::before{content:"✔";color:#1a7f37}
.fa-times::before{content:"✘";color:#c00}
.fa-exclamation-triangle::before{content:"⚠"}
"""


def write(engine: EphemeralDataContext, folder: Path, run_name: str, validations: dict[str, Validation]) -> None:
    """Render the pages of the evaluations that `engine` holds, one per table of `validations`, and list them in the index.

    `engine` renders into the folder that it was made with; from there the pages go to `folder`, changed. All tables go in one
    call: the renderer compiles its templates anew in each.
    """
    from great_expectations.data_context.types.resource_identifiers import ExpectationSuiteIdentifier

    results = engine.validation_results_store.list_keys()
    suites = [ExpectationSuiteIdentifier(name=name) for name in validations]
    aside = rendering_folder(folder)
    # A killed run may have left pages behind.
    shutil.rmtree(aside, ignore_errors=True)
    engine.build_data_docs(resource_identifiers=[*suites, *results], build_index=False)
    entries = []
    for path in sorted(aside.rglob("*.html")):
        name = path.relative_to(aside)
        replace_atomically(folder / name, _writer(self_contained(path.read_text(encoding="utf-8"))))
        # validations/<suite>/<run>/<time>/<batch>.html
        if name.parts[0] == "validations":
            entries.append(_entry(run_name, name, validations[name.parts[1]]))
    shutil.rmtree(aside)
    _list(folder, entries)


def _entry(run_name: str, page: Path, validation: Validation) -> dict[str, Any]:
    return {
        "run": run_name,
        "table": page.parts[1],
        "page": page.as_posix(),
        "rows": len(validation.accepted) + len(validation.quarantined),
        "quarantined": len(validation.quarantined),
        "evaluated": validation.evaluated,
        "failed": validation.failed,
    }


def rendering_folder(folder: Path) -> Path:
    """Where the engine renders before the pages are made self-contained."""
    return folder / ".rendering"


def self_contained(page: str) -> str:
    """A page without scripts and without anything that a browser would fetch; links that a person may follow stay."""
    page = re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL | re.IGNORECASE)
    page = re.sub(r"<link\b[^>]*>", "", page, flags=re.IGNORECASE)
    page = re.sub(r"<img\b[^>]*>", "", page, flags=re.IGNORECASE)
    page = re.sub(r"url\(\s*['\"]?https?:[^)]*\)", "none", page)
    head = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><style>{STYLE}</style>'
    return re.sub(r"</head>", lambda match: f"{head}{match[0]}", page, count=1, flags=re.IGNORECASE)


def _list(folder: Path, fresh: list[dict[str, Any]]) -> None:
    """Put evaluations first into the index, once per run and table, and drop the nights beyond the newest `NIGHTS_KEPT`."""
    path = folder / NIGHTS
    known: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    renewed = {(entry["run"], entry["table"]) for entry in fresh}
    entries = [*fresh, *(other for other in known if (other["run"], other["table"]) not in renewed)]
    runs = list(dict.fromkeys(other["run"] for other in entries))[:NIGHTS_KEPT]
    kept = [other for other in entries if other["run"] in runs]
    pages = {other["page"] for other in kept}
    for other in known:
        if other["page"] not in pages:
            (folder / other["page"]).unlink(missing_ok=True)
    replace_atomically(path, _writer(json.dumps(kept, ensure_ascii=False, indent=1)))
    replace_atomically(folder / "index.html", _writer(_index(kept)))


def _index(entries: list[dict[str, Any]]) -> str:
    head = ("运行 run", "事实表 table", "行数 rows", "隔离 quarantined", "检查项 expectations", "未通过 failed")
    lines = [f"<tr>{''.join(f'<th>{name}</th>' for name in head)}</tr>"]
    for entry in entries:
        link = f'<a href="{html.escape(entry["page"])}">{html.escape(entry["table"])}</a>'
        values = [html.escape(entry["run"]), link, *(entry[name] for name in ("rows", "quarantined", "evaluated", "failed"))]
        lines.append(f"<tr>{''.join(f'<td>{value}</td>' for value in values)}</tr>")
    body = f"<h1>数据质量检查 Data quality</h1><table>{''.join(lines)}</table>"
    title = '<head><meta charset="UTF-8"><title>Data quality</title></head>'
    return self_contained(f"<!DOCTYPE html><html>{title}<body>{body}</body></html>")


def _writer(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8")
