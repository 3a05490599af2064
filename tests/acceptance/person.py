"""A person at a terminal: the command line against a running installation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.acceptance.cluster import ROOT, Cluster


class Person:
    """A terminal, a home folder and a credential."""

    def __init__(self, site: Cluster, folder: Path) -> None:
        self.site, self.folder = site, folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith("LAB_")}
        self.env = kept | {
            "LAB_SERVER_URL": f"http://127.0.0.1:{site.port}",
            "LAB_TOKEN": site.token,
            "LAB_CONFIG_DIR": str(folder / "config"),
            "PYTHONPATH": str(ROOT),
        }

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "lab", *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.argv(*words), cwd=self.folder, env=self.env, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def told(self, *words: str) -> Any:
        done = self.run(*words, "--json")
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def begin(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.argv(*words), cwd=self.folder, env=self.env, stdout=subprocess.PIPE, text=True
        )
