"""``lab admin``: the server's console under the name people know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.cli.failures import USAGE
from tests.graphql_api.rig import Rig
from tests.lab.shell import ROOT, Shell

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("cli")]


def test_accounts_are_listed_where_the_server_is(api: Rig, shell: Shell, postgres: str) -> None:
    where = {"LAB_DATABASE_URL": postgres, "LAB_DATABASE_SCHEMA": api.parts.settings.schema}
    where |= {"LAB_HOME": str(api.parts.settings.home), "LAB_SERVER_URL": ""}
    done = shell.run("admin", "users", "--json", **where)
    assert done.returncode == 0, done.stderr
    assert "ada@example.org" in [account["email"] for account in json.loads(done.stdout)]
    missing = shell.run("admin", "erase-user", "nobody@example.org", **where)
    assert missing.returncode == 2
    assert "no account" in missing.stderr
    assert "erase-user" in shell.fails(USAGE, "admin", "fly")


def test_without_a_server_it_says_where_to_go(tmp_path: Path) -> None:
    (tmp_path / "lab").symlink_to(ROOT / "lab")
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)}
    argv = [sys.executable, "-S", "-m", "lab", "admin", "users"]
    done = subprocess.run(argv, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert "not installed here" in done.stderr
