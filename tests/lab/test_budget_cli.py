"""``lab budget`` as people run it."""

from __future__ import annotations

import pytest

from lab.cli.failures import NOT_FOUND, USAGE
from tests.lab.shell import Shell

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("cli")]


def test_a_budget_is_set_and_shown(shell: Shell) -> None:
    assert "unlimited" in shell.ok("budget", "show")
    shell.ok("budget", "set", "1500.50")
    shell.ok("budget", "set", "20", "--user", "ada@example.org")
    shown = shell.ok("budget", "show")
    assert "1500.50 USD" in shown
    assert "20.00 USD" in shown
    shell.ok("budget", "set", "unlimited")
    shell.ok("budget", "set", "unlimited", "--user", "ada@example.org")
    assert shell.json("budget", "show")["team"]["limit"] is None
    for wrong in ("nan", "much", "-1.5e3"):
        assert "no amount" in shell.fails(USAGE, "budget", "set", "--", wrong)
    assert "no member" in shell.fails(NOT_FOUND, "budget", "set", "1", "--user", "x@example.org")
