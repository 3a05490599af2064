"""A mutation that is sent again with its key is done once, whatever happened in between."""

from __future__ import annotations

import pytest

from domain.model import GuardKind
from domain.quotas import scopes
from tests.graphql_api.rig import Rig

pytestmark = pytest.mark.postgres

ISSUE = 'mutation { issueToken(name: "ci", idempotencyKey: "t1") { id secret } }'
TEAM = 'mutation { createTeam(name: "second", idempotencyKey: "t2") { id } }'
SECRET = """mutation($v: String!, $k: String!) {
  setSecret(name: "TOKEN", value: $v, idempotencyKey: $k) { secret { version } }
}"""
QUOTA = "mutation($m: Int!, $k: String!) { setQuota(limitMinutes: $m, idempotencyKey: $k) { position } }"
MEMBER = """mutation($e: String!, $r: Role!, $k: String!) {
  addMember(email: $e, role: $r, idempotencyKey: $k) { members { role person { email } } }
}"""


def test_a_token_is_issued_once_and_its_secret_shown_once(api: Rig) -> None:
    first = api.data(ISSUE)["issueToken"]
    again = api.data(ISSUE)["issueToken"]
    assert (again["id"], again["secret"]) == (first["id"], "")
    named = [t for t in api.data("{ tokens { name } }")["tokens"] if t["name"] == "ci"]
    assert len(named) == 1
    assert api.data("{ tokens { name } }", token=first["secret"])
    other = ISSUE.replace('"ci"', '"other"')
    assert api.code(other) == "IDEMPOTENCY_KEY_REUSED"


def test_a_team_is_made_once(api: Rig) -> None:
    assert api.data(TEAM) == api.data(TEAM)
    assert api.code(TEAM.replace('"t2"', '"t3"')) == "ALREADY_EXISTS"


def test_an_old_value_of_a_secret_never_comes_back(api: Rig) -> None:
    api.data(SECRET, v="one", k="s1")
    api.data(SECRET, v="two", k="s2")
    shown = api.data(SECRET, v="one", k="s1")["setSecret"]["secret"]
    assert shown["version"] == 2
    found = api.lab.secrets.values(team=api.owner.team, user=api.owner.user, names=["TOKEN"])
    assert found == {"TOKEN": "two"}
    assert api.code(SECRET, v="ONE", k="s1") == "IDEMPOTENCY_KEY_REUSED"


def test_an_old_limit_never_comes_back(api: Rig) -> None:
    for minutes, key in ((10, "q1"), (20, "q2"), (10, "q1")):
        api.data(QUOTA, m=minutes, k=key)
    team, _ = scopes(team=api.owner.team, user=api.owner.user, at=api.lab.clock.now())
    guard = api.lab.log.guard(GuardKind.QUOTA, team)
    assert guard is not None
    assert guard.limit == 20 * 60


def test_an_old_role_never_comes_back(api: Rig) -> None:
    bob = api.account("bob@example.org", "bobs")
    for role, key in (("MEMBER", "m1"), ("VIEWER", "m2"), ("MEMBER", "m1")):
        members = api.data(MEMBER, e=bob.email, r=role, k=key)["addMember"]["members"]
    (his,) = [m["role"] for m in members if m["person"]["email"] == bob.email]
    assert his == "VIEWER"
