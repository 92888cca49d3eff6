"""`python -m data.pages render` writes the pages that are made from runs; `check` tells what differs from them."""

from __future__ import annotations

import sys
from pathlib import Path

from data.pages import questions, rules, tour
from data.pages.runs import PROJECT, contradicted, handmade, samples


def rendered() -> dict[Path, str]:
    """Content of every page by its path below the project folder."""
    docs = Path("docs")
    found = {docs / "questions.md": questions.page(PROJECT, samples())}
    found |= {
        docs / "rules" / name: text for name, text in rules.pages(PROJECT, (samples(), contradicted(), handmade())).items()
    }
    found[docs / "tour.md"] = tour.page()
    found |= {docs / "tour" / name: text for name, text in tour.pictures(samples()).items()}
    return found


def main(arguments: list[str]) -> int:
    """Run `render` or `check`; exit code 0 is done or in step, 1 a difference, 2 a wrong call."""
    if arguments not in (["render"], ["check"]):
        print("usage: python -m data.pages render|check", file=sys.stderr)
        return 2
    differing = []
    for relative, content in rendered().items():
        path = PROJECT / relative
        if path.exists() and path.read_text(encoding="utf-8") == content:
            continue
        differing.append(relative)
        if arguments == ["render"]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    verb = "rendered" if arguments == ["render"] else "differs from the run"
    for relative in differing:
        print(f"{relative}: {verb}")
    return 1 if differing and arguments == ["check"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
