"""`python -m pipelines.quality render` writes the suites of `expectations/` anew from the catalogue.

Belongs here: that one command. Does not belong here: anything that a night needs.
"""

from __future__ import annotations

import argparse

from pipelines.quality.suites import render
from pipelines.settings import Settings


def main() -> None:
    """Render every suite into the project's expectations folder and name the files."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.quality", description=__doc__)
    parser.add_argument("command", choices=["render"])
    parser.parse_args()
    for path in render(Settings.load().project / "expectations"):
        print(path)


if __name__ == "__main__":
    main()
