"""``lab rule`` as people run it."""

from __future__ import annotations

import pytest

from lab.cli.failures import NOT_FOUND, REFUSED, USAGE
from tests.lab.shell import Shell

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("cli")]


def test_a_rule_is_set_shown_and_removed(shell: Shell) -> None:
    assert "set" in shell.ok("rule", "set", "experiment", "beta", "--allow", "none")
    shell.ok("rule", "set", "provider", "idle", "--for", "viewer", "--allow", "read,run")
    shell.ok("rule", "set", "registry", "--for", "member", "--allow", "read")
    shown = shell.ok("rule", "list")
    assert "experiment beta" in shown
    assert "nothing" in shown
    assert "read, run" in shown
    shell.ok("rule", "remove", "experiment", "beta")
    assert {row["subject"] for row in shell.json("rule", "list")} == {"viewer", "member"}
    for kind, name, who in (("provider", "idle", "viewer"), ("registry", "", "member")):
        shell.ok("rule", "remove", kind, *([name] if name else []), "--for", who)
    assert "(none)" in shell.ok("rule", "list")


def test_what_cannot_be_meant_is_refused(shell: Shell) -> None:
    wrong = ("rule", "set", "experiment", "beta", "--allow")
    assert "none of read" in shell.fails(USAGE, *wrong, "fly")
    assert "has no name" in shell.fails(USAGE, "rule", "set", "experiment", "--allow", "read")
    missing = ("rule", "set", "experiment", "omega", "--allow", "read")
    assert "no experiment" in shell.fails(NOT_FOUND, *missing)
    assert "no rules" in shell.fails(REFUSED, *wrong, "read", "--for", "ada@example.org")
    assert "no member" in shell.fails(NOT_FOUND, *wrong, "read", "--for", "nobody@example.org")
