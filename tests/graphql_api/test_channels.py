"""Channels in the API: made once for a key, and nobody else's business."""

from __future__ import annotations

import pytest

from application.commands.members import add_member
from domain.teams import Role
from tests.graphql_api.rig import Rig

pytestmark = pytest.mark.postgres

ADD = """mutation($a: String!, $t: Boolean!, $k: String!) { addChannel(kind: WEBHOOK, name: "bell",
  address: $a, topics: ["job.ended"], ofTeam: $t, idempotencyKey: $k) { id secret channel { target } } }"""
URL = "https://hooks.example.org/in?token=s3cret"
LIST = "{ channels { id name target ofTeam } }"


def test_a_channel_is_made_once_and_its_key_shown_once(api: Rig) -> None:
    first = api.data(ADD, a=URL, t=True, k="c1")["addChannel"]
    again = api.data(ADD, a=URL, t=True, k="c1")["addChannel"]
    assert (again["id"], again["secret"]) == (first["id"], "")
    assert first["secret"].startswith("whsec_")
    assert first["channel"]["target"] == "https://hooks.example.org/in"
    assert api.code(ADD, a=URL + "2", t=True, k="c1") == "IDEMPOTENCY_KEY_REUSED"


def test_a_key_is_rotated_once_and_shown_once(api: Rig) -> None:
    made = api.data(ADD, a=URL, t=True, k="c2")["addChannel"]
    text = 'mutation($i: ID!) { rotateChannelSecret(id: $i, idempotencyKey: "r1") { secret } }'
    newer = api.data(text, i=made["id"])["rotateChannelSecret"]["secret"]
    assert newer not in ("", made["secret"])
    assert api.data(text, i=made["id"])["rotateChannelSecret"]["secret"] == ""
    name = f"{made['id']}:signing"
    kept = api.lab.secrets.values(team=api.owner.team, user="", names=[name])
    assert kept == {name: newer}


def test_a_members_channel_is_not_found_by_others_not_even_the_owner(api: Rig) -> None:
    bob = api.account("bob@example.org", "bobs")
    add_member(api.lab, api.owner.actor, email=bob.email, role=Role.MEMBER)
    api.settle()

    def as_bob(text: str, **variables: object) -> dict[str, object]:
        headers = {"authorization": f"Bearer {bob.token}", "x-lab-team": api.owner.team}
        found: dict[str, object] = api.post({"query": text, "variables": variables}, headers).json()
        return found

    made = as_bob(ADD, a=URL, t=False, k="b1")["data"]["addChannel"]["id"]  # type: ignore[index,call-overload]  # JSON
    assert made not in str(api.data(LIST))
    assert made in str(as_bob(LIST))
    for field in ("removeChannel", "pauseChannel", "rotateChannelSecret"):
        assert api.code(f"mutation($i: ID!) {{ {field}(id: $i) {{ id }} }}", i=made) == "NOT_FOUND"
    assert api.code("query($i: ID!) { deliveries(channel: $i) { id } }", i=made) == "NOT_FOUND"
    assert "PERMISSION_DENIED" in str(as_bob(ADD, a=URL, t=True, k="b2"))


def test_mail_is_refused_where_it_is_not_set_up(api: Rig) -> None:
    text = 'mutation { addChannel(kind: EMAIL, name: "m", topics: ["job.ended"]) { id } }'
    error = api.ask(text)["errors"][0]
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert "Mail is not set up" in error["message"]
