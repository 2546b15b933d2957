"""The benchmarks (docs/performance.md says what they measure).

    python -m bench [PART ...] [--functions N] [--database sqlite|postgres]
                    [--quick] [--check] [--keep]
    python -m bench seed [--functions N] [--database ...] [--check]
    python -m bench report

PARTS: anew kept nginx writes searching verdaccio. Without a PART all of them run.
--quick   one round of one second for each load
--check   verify every row of the seeded registry first
--keep    write the run to bench/results/ and into docs/performance.md
seed      only make the registry that runs use
report    write the kept runs into docs/performance.md again
"""

import argparse
import sys

from bench import document, reporting
from bench.databases import prepare
from bench.running import PARTS, Run


def main(args: list[str]) -> int:
    if args == ["report"]:
        document.write(reporting.kept())
        return 0
    given = _parser().parse_args(args)
    if given.part == ["seed"]:
        prepare(given.database, given.functions, check=given.check)
        return 0
    if unknown := set(given.part) - set(PARTS):
        print(f"No such part: {', '.join(sorted(unknown))}.\n{__doc__}")
        return 2
    parts = tuple(given.part) or PARTS
    run = Run(given.database, given.functions, quick=given.quick, parts=parts)
    found = run(check=given.check)
    print(reporting.page(found))
    if given.keep:
        reporting.keep(found)
        document.write(reporting.kept())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", usage=__doc__.strip())
    parser.add_argument("part", nargs="*")
    parser.add_argument("--functions", type=int, default=1_000)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--keep", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
