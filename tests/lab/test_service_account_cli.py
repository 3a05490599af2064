"""``lab service-account`` and the scopes of ``lab token``, as people run them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.cli.failures import NOT_FOUND, NOT_SIGNED_IN, REFUSED, USAGE
from tests.graphql_api.rig import Rig
from tests.lab.shell import Shell

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("cli")]


def test_a_bot_is_made_used_and_closed(api: Rig, shell: Shell, tmp_path: Path) -> None:
    told = shell.ok("service-account", "create", "nightly", "--role", "viewer", "--days", "30")
    assert "nightly is viewer" in told
    secret = shell.ok("service-account", "token", "nightly", "cron").strip()
    bot = Shell(api, tmp_path / "bot", LAB_TOKEN=secret)
    assert "nightly" in bot.ok("whoami")
    assert "may not" in bot.fails(REFUSED, "experiment", "create", "delta")
    (row,) = shell.json("service-account", "tokens", "nightly")
    assert row["name"] == "cron"
    assert row["usedAt"]
    assert "exists already" in shell.fails(REFUSED, "service-account", "create", "nightly")
    shell.ok("service-account", "revoke", "nightly", "cron")
    bot.fails(NOT_SIGNED_IN, "whoami")
    shell.ok("service-account", "close", "nightly")
    assert "no service-account" in shell.fails(NOT_FOUND, "service-account", "tokens", "nightly")
    assert "owner" in shell.fails(USAGE, "service-account", "create", "x", "--role", "owner")


def test_a_token_is_limited_by_its_scopes(api: Rig, shell: Shell, tmp_path: Path) -> None:
    assert "stop jobs" in shell.ok("token", "scopes")
    secret = shell.ok("token", "create", "launcher", "--scope", "jobs").strip()
    limited = Shell(api, tmp_path / "limited", LAB_TOKEN=secret)
    limited.ok("job", "list")
    assert "may only jobs" in limited.fails(REFUSED, "experiment", "create", "delta")
    assert "Known scopes" in shell.fails(REFUSED, "token", "create", "x", "--scope", "everything")
