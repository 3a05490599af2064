"""The furnished lab as tests see it: an address, and the paths of its pages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from application.actor import Actor
from tests.ui.seed.furnish import Furnished

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class FurnishedSite:
    """``hostile``: ids of things whose every text would be markup."""

    url: str
    home: Furnished
    hostile: dict[str, str]


@contextmanager
def furnished_site(dsn: str) -> Iterator[FurnishedSite]:
    """Serve it in a process of its own until the block ends."""
    argv = [sys.executable, "-m", "tests.ui.seed.serve", dsn]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        told = json.loads(process.stdout.readline())
        given = told["home"]
        given["owner"] = Actor(**{**given["owner"], "role": None})
        yield FurnishedSite(told["url"], Furnished(**given), told["hostile"])
        process.stdin.close()
        process.wait(30)
