"""``lab team`` as people run it: two of them, each with a shell of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.cli.failures import NOT_FOUND, REFUSED, USAGE
from tests.graphql_api.rig import PASSWORD, Rig
from tests.graphql_api.test_logo import png
from tests.lab.shell import Shell

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("cli")]


def joined(api: Rig, link: str, email: str, home: Path) -> Shell:
    """Somebody who made an account by ``link`` and is signed in."""
    text = "mutation($s:String!,$e:String!,$p:String!)"
    text += '{joinTeam(secret:$s,name:"Grace",email:$e,password:$p){token}}'
    api.data(text, token="", s=link.rpartition("/")[2], e=email, p=PASSWORD)
    home.mkdir()
    other = Shell(api, home)
    other.ok("login", "--email", email)
    return other


def test_a_team_lives_on_the_command_line(api: Rig, shell: Shell, tmp_path: Path) -> None:
    link = shell.ok("team", "invite", "--role", "viewer").strip()
    grace = joined(api, link, "grace@example.org", tmp_path / "grace")
    assert "grace@example.org" in shell.ok("team", "members")
    assert "ACCEPTED" in shell.ok("team", "invitations")
    assert "may not manage members" in grace.fails(REFUSED, "team", "rename", "mine")
    shell.ok("team", "role", "grace@example.org", "admin")
    grace.ok("team", "rename", "renamed")
    assert [team["name"] for team in shell.json("team", "list")] == ["renamed"]
    (tmp_path / "logo.png").write_bytes(png())
    assert "is the team's picture" in grace.ok("team", "logo", str(tmp_path / "logo.png"))
    assert "PNG or a JPEG" in grace.fails(REFUSED, "team", "logo", __file__)
    assert "--remove" in grace.fails(USAGE, "team", "logo")
    assert "cannot be read" in grace.fails(USAGE, "team", "logo", "none.png")
    grace.ok("team", "logo", "--remove")
    shell.ok("team", "remove", "Grace")
    assert grace.json("team", "list") == []


def test_one_changes_between_teams_and_closes_one(shell: Shell) -> None:
    shell.ok("team", "create", "side project")
    shell.ok("team", "use", "side project")
    assert "side project" in shell.ok("whoami")
    assert "as it is" in shell.fails(REFUSED, "team", "archive", "another name")
    shell.ok("team", "archive", "side project")
    assert "closed" in shell.fails(REFUSED, "experiment", "create", "delta")


def test_an_invitation_is_withdrawn_and_sent_anew(shell: Shell) -> None:
    first = shell.ok("team", "invite", "hedy@example.org").strip()
    (row,) = [r for r in shell.json("team", "invitations") if r["email"] == "hedy@example.org"]
    second = shell.ok("team", "resend", row["id"]).strip()
    assert first != second
    shell.ok("team", "cancel", row["id"])
    assert "invitation" in shell.fails(NOT_FOUND, "team", "accept", second)


def test_usage_is_shown_and_exported(shell: Shell) -> None:
    assert "(none)" in shell.ok("usage", "--since", "2020-01-01", "--until", "2020-02-01")
    head = shell.ok("usage", "--by", "owner,day", "--csv").splitlines()[0]
    assert head == "owner,day,ownerId,jobs,complete,failed,stopped,usedS,cost,currency"
    assert shell.json("usage", "--by", "experiment") == []
    assert "is no day" in shell.fails(USAGE, "usage", "--since", "yesterday")
    assert "none of" in shell.fails(USAGE, "usage", "--by", "colour")
