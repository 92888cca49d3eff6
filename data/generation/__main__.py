"""Writes drawn reports and their gold.

    python -m data.generation --seed 1 --count 20 --families all --formats all --out DIR

Each report becomes `<DIR>/<city>/<year>/<file>`, so that DIR may be a raw folder, and its facts
`<DIR>/gold/<family>/<name>.gold.yml` beside a second copy of the document, which is what `jixiao evaluate` judges; `--no-gold`
leaves these out. Seeds count up from `--seed`; families and formats come in turn. Belongs here: the command line.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import yaml

from data.generation import FORMATS, families, printed, write


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m data.generation", description="Write drawn reports and their gold.")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first report")
    parser.add_argument("--count", type=int, default=20, help="number of reports")
    parser.add_argument("--families", default="all", help=f"all, or some of {','.join(families())}")
    parser.add_argument("--formats", default="all", help=f"all, or some of {','.join(FORMATS)}")
    parser.add_argument("--no-gold", action="store_true", help="write the documents only")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    given = parser.parse_args(arguments)
    names, kinds = _chosen(parser, given.families, families()), _chosen(parser, given.formats, FORMATS)
    for number in range(given.count):
        turn, place = divmod(number, len(names))
        name, kind, seed = names[place], kinds[(number + turn) % len(kinds)], given.seed + turn
        report = printed(seed, name)
        file_name, data = write(report, kind)
        _put(given.out / report.city / str(report.folder_year) / file_name, data)
        if not given.no_gold:
            stem = f"{name.lower()}_{seed}_{kind}"
            gold = {
                "family": name,
                "city": report.city,
                "folder_year": report.folder_year,
                "source": f"drawn from seed {seed}, as {kind}",
                "reports": [report.gold],
            }
            _put(given.out / "gold" / name / f"{stem}{Path(file_name).suffix}", data)
            text = yaml.safe_dump(gold, allow_unicode=True, sort_keys=False, width=200)
            _put(given.out / "gold" / name / f"{stem}.gold.yml", text.encode())
    print(f"{given.count} reports in {given.out}")
    return 0


def _chosen(parser: argparse.ArgumentParser, given: str, known: tuple[str, ...]) -> list[str]:
    chosen = list(known) if given == "all" else given.split(",")
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    return chosen


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


if __name__ == "__main__":
    sys.exit(main())
