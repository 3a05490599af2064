"""From the request to the user's first instruction on Local: ``python -m benchmarks.submit_to_start``.

The floor is a bare subprocess of the same command.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from pathlib import Path

from benchmarks.installation import Caller, installation, wait_until
from benchmarks.result import Row, row, show

QUEUE = "mutation($l:Launch!){queueJob(launch:$l){id}}"


def rows(*, quick: bool = False) -> list[Row]:
    times = 10 if quick else 30
    with installation() as lab:
        caller = Caller(lab.port, lab.token)
        taken = [_ours_ms(caller, lab.home / f"started-{n}") for n in range(times)]
    floor = statistics.median(_bare_ms() for _ in range(times))
    ninth = statistics.quantiles(taken, n=10)[-1]
    name = "submit to the user's command, "
    return [
        row(f"{name}p50 (ms)", statistics.median(taken), floor=floor, budget="< 150 ms"),
        row(f"{name}p90 (ms)", ninth, floor=floor, budget="none"),
    ]


def _ours_ms(caller: Caller, mark: Path) -> float:
    yaml = f"name: start\nrun: date +%s%N > {mark}.new && mv {mark}.new {mark}\n"
    begun = time.time_ns()
    caller.ask(QUEUE, l={"yaml": yaml})
    wait_until(mark.exists)
    return (int(mark.read_text()) - begun) / 1e6


def _bare_ms() -> float:
    begun = time.time_ns()
    done = subprocess.run(["bash", "-c", "date +%s%N"], check=True, capture_output=True, text=True)
    return (int(done.stdout) - begun) / 1e6


if __name__ == "__main__":
    show(rows())
