"""From nothing to healthy, and what stands in memory then: ``python -m benchmarks.startup``.

The floor is a Starlette application with one route on the same web server. Bytecode is compiled
first, as an installed package has it.
"""

from __future__ import annotations

import compileall
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.installation import ROOT, Caller, environment, free_port, serving
from benchmarks.result import Row, row, show

BARE = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
async def alive(request): return PlainTextResponse("ok")
uvicorn.run(Starlette(routes=[Route("/healthz", alive)]), port=int(sys.argv[1]), log_level="error")
"""
PACKAGES = ("domain", "application", "projections", "providers", "graphql_api", "ui", "server")
MB = 1024  # of /proc's kB


def rows(*, quick: bool = False) -> list[Row]:
    for package in (*PACKAGES, "lab"):
        compileall.compile_dir(ROOT / package, quiet=2)
    times = 3 if quick else 5
    bare = [_bare() for _ in range(times)]
    floor_s, floor_mb = (statistics.median(column) for column in zip(*bare, strict=True))
    with tempfile.TemporaryDirectory(prefix="lab-start-") as folder:
        Path(folder).chmod(0o711)
        first_s, _, _ = _ours(folder)
        warm = [_ours(folder) for _ in range(times)]
    again_s, python_mb, database_mb = (
        statistics.median(column) for column in zip(*warm, strict=True)
    )
    help_ms = _median_ms([sys.executable, "-m", "lab", "--help"], times=times * 3)
    python_ms = _median_ms([sys.executable, "-c", "pass"], times=times * 3)
    whole_mb = python_mb + database_mb
    return [
        row("first start to healthy, with initdb (s)", first_s, floor=floor_s, budget="none"),
        row("cold start to healthy (s)", again_s, floor=floor_s, budget="< 2 s"),
        row("memory of web, worker, supervisor (MB PSS)", python_mb, floor=floor_mb, budget="none"),
        row("memory with PostgreSQL (MB PSS)", whole_mb, floor=floor_mb, budget="< 256 MB"),
        row("lab --help (ms)", help_ms, floor=python_ms, budget="< 100 ms"),
    ]


def _ours(home: str) -> tuple[float, float, float]:
    """Seconds to healthy; MB of our processes, and of PostgreSQL's, once it stands still."""
    port = free_port()
    environ = environment(LAB_HOME=home, LAB_PORT=str(port))
    with serving([sys.executable, "-m", "server"], port, environ) as (pid, seconds):
        Caller(port).get("/readyz")
        time.sleep(1.5)  # the worker is up, and everything is imported
        python = postgres = 0.0
        for one in family(pid):
            if "python" in Path(f"/proc/{one}/exe").readlink().name:
                python += pss_mb(one)
            else:
                postgres += pss_mb(one)
        return seconds, python, postgres


def _bare() -> tuple[float, float]:
    port = free_port()
    argv = [sys.executable, "-c", BARE, str(port)]
    with serving(argv, port, environment()) as (pid, seconds):
        return seconds, pss_mb(pid)


def family(pid: int) -> list[int]:
    """``pid`` and its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found


def pss_mb(pid: int) -> float:
    """Its share of memory, pages it shares divided among those who do."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    line = next(line for line in text.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) / MB


def _median_ms(argv: list[str], *, times: int) -> float:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run(argv, cwd=ROOT, env=environment(), check=True, capture_output=True)
        taken.append(1000 * (time.perf_counter() - begun))
    return statistics.median(taken)


if __name__ == "__main__":
    show(rows())
