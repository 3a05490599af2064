"""Every budget side by side with its floor: ``python -m benchmarks [name …] [--quick]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from benchmarks import (
    api,
    append,
    projection,
    replay,
    sdk,
    slurm,
    startup,
    storage,
    submit_to_start,
    web,
)
from benchmarks.result import Row, show

MEASURES: dict[str, Callable[[bool], list[Row]]] = {
    "append": lambda quick: append.measure(200 if quick else 1_000),
    "projection": lambda quick: projection.measure(50_000 if quick else 1_000_000),
    "replay": lambda quick: replay.rows(quick=quick),
    "sdk": lambda quick: sdk.rows(),
    "storage": lambda quick: storage.rows(),
    "slurm": lambda quick: slurm.rows(quick=quick),
    "startup": lambda quick: startup.rows(quick=quick),
    "submit_to_start": lambda quick: submit_to_start.rows(quick=quick),
    "api": lambda quick: api.rows(quick=quick),
    "web": lambda quick: web.rows(quick=quick),
}


def main() -> int:
    """1 when a budget is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="smaller, noisier, in a minute")
    asked = parser.parse_args()
    unknown = sorted(set(asked.names) - set(MEASURES))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    rows: list[Row] = []
    for name in asked.names or MEASURES:
        print(f"measuring {name}", file=sys.stderr, flush=True)
        rows += MEASURES[name](asked.quick)
    show(rows)
    return 1 if any(row.met == "NO" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
