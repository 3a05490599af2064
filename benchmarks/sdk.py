"""What the SDK and the wrapper cost: import time, points per second, start of the command.

Run ``python -m benchmarks.sdk``; ``rows()`` is for a collecting report.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.result import Row, row, show

ROOT = Path(__file__).parents[1]
POINTS = 200_000


def rows() -> list[Row]:
    return [import_row(), points_row(), start_row()]


def import_row() -> Row:
    prepare = f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
    ours = _median_ms(lambda: _python(prepare + "import lab"))
    floor = _median_ms(lambda: _python(prepare + "pass"))
    return row("import lab (ms, over a bare interpreter)", ours, floor=floor, budget="< 30 ms more")


def points_row() -> Row:
    loop = "import time; t = time.perf_counter()\nfor i in range({n}): {call}\n"
    rate = "\nprint({n} / (time.perf_counter() - t))"
    with tempfile.TemporaryDirectory() as folder:
        run = f"import os; os.environ['LAB_RUN_DIR'] = {folder!r}; import sys\n"
        run += f"sys.path.insert(0, {str(ROOT)!r}); import lab; lab.init()\n"
        call = "lab.log_metric('train/loss', 0.5, i)"
        ours = float(_python(run + (loop + "lab.flush()" + rate).format(n=POINTS, call=call)))
    bare = "points = []\n" + (loop + rate).format(n=POINTS, call="points.append((i, 0.5))")
    return row("metric points per second", ours, floor=float(_python(bare)), budget="> 10,000")


def start_row() -> Row:
    """From starting the wrapper to the first instruction of the user's command."""
    ours = statistics.median(_wrapper_start_ms() for _ in range(15))
    floor = statistics.median(_bare_start_ms() for _ in range(15))
    return row("start to the user's command (ms)", ours, floor=floor, budget="< 60 ms")


def _wrapper_start_ms() -> float:
    with tempfile.TemporaryDirectory() as folder:
        bundle = {"job_id": "job_1", "run": "date +%s%N > started"}
        (Path(folder) / "bundle.json").write_text(json.dumps(bundle))
        begun = time.time_ns()
        argv = [sys.executable, "-I", "-S", str(ROOT / "lab/node/__main__.py"), folder]
        subprocess.run(argv, check=True)
        started = int((Path(folder) / "work" / "started").read_text())
    return (started - begun) / 1e6


def _bare_start_ms() -> float:
    begun = time.time_ns()
    done = subprocess.run(["bash", "-c", "date +%s%N"], check=True, capture_output=True, text=True)
    return (int(done.stdout) - begun) / 1e6


def _python(script: str) -> str:
    argv = [sys.executable, "-I", "-c", script]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def _median_ms(act: Callable[[], object], *, times: int = 15) -> float:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        taken.append(1000 * (time.perf_counter() - begun))
    return statistics.median(taken)


if __name__ == "__main__":
    show(rows())
