"""The command line in a process of its own, with a home folder and a server to talk to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.graphql_api.rig import PASSWORD, Rig

ROOT = Path(__file__).parents[2]


class Shell:
    """A home folder and the server to talk to."""

    def __init__(self, api: Rig, home: Path, **more: str) -> None:
        self.api, self.home = api, home
        home.mkdir(exist_ok=True)
        keep = {k: v for k, v in os.environ.items() if not k.startswith("LAB_")}
        self.env = {**keep, "LAB_CONFIG_DIR": str(home / "config"), "LAB_SERVER_URL": api.url}
        self.env |= {"PYTHONPATH": str(ROOT), "LAB_PASSWORD": PASSWORD, **more}

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "lab", *words]

    def run(self, *words: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.argv(*words),
            input=stdin,
            capture_output=True,
            text=True,
            env={**self.env, **env},
            cwd=self.home,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def ok(self, *words: str, stdin: str = "") -> str:
        done = self.run(*words, stdin=stdin)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.ok(*words, "--json"))

    def fails(self, code: int, *words: str, **env: str) -> str:
        """The one thing told on stderr."""
        done = self.run(*words, **env)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stderr
