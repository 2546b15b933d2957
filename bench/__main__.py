"""The benchmarks.

    python -m bench [PART ...] [--functions N] [--database sqlite|postgres]
                    [--quick] [--check] [--keep]
    python -m bench seed [--functions N] [--database ...]   only what it takes
    python -m bench workers [--functions N] [--database ...] [--keep]
    python -m bench micro [--keep]     single steps, without a server
    python -m bench report             docs/performance.md from what is kept

PARTS: references kept nginx writes deriving checked anew searching storage verdaccio;
all of them unless some are named.
"""

import argparse
import sys

from bench import reporting
from bench.databases import prepare
from bench.running import PARTS, Run


def main(args: list[str]) -> int:
    if args[:1] == ["micro"]:
        from bench import micro

        return micro.main(keep="--keep" in args)
    if args[:1] == ["report"]:
        reporting.write_document()
        return 0
    asked = _parser().parse_args(args)
    if asked.part == ["seed"]:
        prepare(asked.database, asked.functions, check=asked.check)
        return 0
    if asked.part == ["workers"]:
        from bench import workers

        return workers.main(asked.database, asked.functions, keep=asked.keep)
    unknown = set(asked.part) - set(PARTS)
    if unknown:
        print(f"No such part: {', '.join(sorted(unknown))}.\n{__doc__}")
        return 2
    run = Run(
        asked.database,
        asked.functions,
        quick=asked.quick,
        parts=tuple(asked.part) or PARTS,
    )
    found = run(check=asked.check)
    print(reporting.table(found))
    if asked.keep:
        reporting.keep(found)
        reporting.write_document()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        usage=__doc__.strip(),
    )
    parser.add_argument("part", nargs="*")
    parser.add_argument("--functions", type=int, default=1_000)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--keep", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
