"""Starts the wrapper as a provider does, in real processes, and waits for conditions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MAIN = ROOT / "lab" / "node" / "__main__.py"


def until(condition: Callable[[], object], *, limit_s: float = 20) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(0.01)


class Attempt:
    """One run directory and the wrapper on it."""

    def __init__(self, folder: Path, **bundle: object) -> None:
        self.folder = folder / "attempt"
        self.folder.mkdir(mode=0o700)
        whole = {"job_id": "job_1", "job_token": "token-of-the-job", "run": "true", **bundle}
        (self.folder / "bundle.json").write_text(json.dumps(whole))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **env: str) -> Attempt:
        argv = [sys.executable, "-I", "-S", str(MAIN), str(self.folder)]
        self.process = subprocess.Popen(argv, env={**os.environ, **env})
        return self

    def run(self, **env: str) -> dict[str, Any]:
        """The ``ended`` record."""
        self.start(**env)
        assert self.wait() == 0
        return self.ended

    def wait(self, limit_s: float = 60) -> int:
        assert self.process is not None
        return self.process.wait(limit_s)

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def records(self, stream: str = "node") -> list[dict[str, Any]]:
        path = self.folder / "journal" / f"{stream}.jsonl"
        data = path.read_bytes() if path.exists() else b""
        return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]

    @property
    def phases(self) -> list[str]:
        return [r["phase"] for r in self.records() if r["k"] == "phase"]

    @property
    def ended(self) -> dict[str, Any]:
        last = self.records()[-1]
        assert last.get("phase") == "ended"
        return last

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [r for r in self.records() if r["k"] == "log"]

    @property
    def texts(self) -> list[str]:
        return [line["m"] for line in self.lines]


def alive(marker: str) -> bool:
    """Whether a process whose environment holds ``marker`` runs."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (folder / "environ").read_bytes():
                return True
        except OSError:
            continue
    return False
