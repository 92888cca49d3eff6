"""`python -m pipelines.catalogue render` writes what is rendered from the catalogue; `check` tells what differs from it.

Belongs here: the two commands. Does not belong here: what is rendered (`rendering`).
"""

from __future__ import annotations

import sys
from pathlib import Path

from pipelines.catalogue.rendering import rendered

PROJECT = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> int:
    """Run `render` or `check`; exit code 0 is done or in step, 1 a difference, 2 a wrong call."""
    if arguments not in (["render"], ["check"]):
        print("usage: python -m pipelines.catalogue render|check", file=sys.stderr)
        return 2
    differing = []
    for relative, content in rendered(PROJECT).items():
        path = PROJECT / relative
        if path.exists() and path.read_text(encoding="utf-8") == content:
            continue
        differing.append(relative)
        if arguments == ["render"]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    verb = "rendered" if arguments == ["render"] else "differs from the catalogue"
    for relative in differing:
        print(f"{relative}: {verb}")
    return 1 if differing and arguments == ["check"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
