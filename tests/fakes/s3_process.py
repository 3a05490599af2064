"""The S3-speaking server of ``s3_server.py`` as a child process."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.asked import missing

ROOT = Path(__file__).parents[2]


class S3Process:
    """It keeps what it holds in memory. Missing moto skips on a laptop and fails on CI."""

    def __init__(self) -> None:
        if find_spec("moto") is None or find_spec("boto3") is None:
            missing("install labledger[dev]: it brings moto and boto3")
        argv = [sys.executable, "-W", "ignore", "-m", "tests.fakes.s3_server"]
        self._child = subprocess.Popen(
            argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._child.stdout is not None
        self.endpoint = f"http://127.0.0.1:{int(self._child.stdout.readline())}"

    def stop(self) -> None:
        self._child.terminate()
        self._child.wait(10)
        assert self._child.stdout is not None
        self._child.stdout.close()
