"""``lab secret`` beyond setting a value."""

from __future__ import annotations

import pytest

from lab.cli.failures import REFUSED
from tests.lab.shell import Shell

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("cli")]


def test_a_key_is_made_shown_and_its_uses_are_listed(shell: Shell) -> None:
    public = shell.ok("secret", "ssh-key", "CLUSTER_KEY", "--personal").strip()
    assert public.startswith("ssh-ed25519 ")
    rows = [row for row in shell.json("secret", "list") if row["name"] == "CLUSTER_KEY"]
    assert rows[0]["publicKey"] == public
    assert "(none)" in shell.ok("secret", "uses", "CLUSTER_KEY")
    assert "letters" in shell.fails(REFUSED, "secret", "ssh-key", "1 2")
    shell.ok("secret", "delete", "CLUSTER_KEY", "--personal")
