"""Coming into a team by a link: once, in its role, by whom it is for, until it is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.errors import InvalidInput
from domain.invitations import InvitationAccepted, fold
from tests.graphql_api.rig import PASSWORD, Rig

pytestmark = pytest.mark.postgres

INVITE = "mutation($e:String!,$r:Role!){invite(email:$e,role:$r){id link}}"
OFFER = "query($s:String!){invitation(secret:$s){teamName role email}}"
JOIN = (
    "mutation($s:String!,$e:String!)"
    f'{{joinTeam(secret:$s,name:"New",email:$e,password:"{PASSWORD}"){{token user}}}}'
)
ACCEPT = "mutation($s:String!){acceptInvitation(secret:$s){position}}"
LISTED = "{invitations{id email acceptedAt cancelledAt}}"


def invited(api: Rig, email: str = "", role: str = "MEMBER") -> tuple[str, str]:
    """The id and the secret of a new invitation to the owner's team."""
    made = api.data(INVITE, e=email, r=role)["invite"]
    assert made["link"].startswith(f"{api.url}/invitation/labinv_")
    return made["id"], made["link"].rpartition("/")[2]


def test_a_link_shows_what_it_offers_and_makes_an_account_that_is_a_member(api: Rig) -> None:
    _, secret = invited(api, "new@example.org", "VIEWER")
    offer = api.data(OFFER, token="", s=secret)["invitation"]
    assert offer == {"teamName": "ada", "role": "VIEWER", "email": "new@example.org"}
    made = api.data(JOIN, token="", s=secret, e="")["joinTeam"]
    me = api.data("{me{role person{email} team{name}}}", token=made["token"])["me"]
    assert me == {
        "role": "VIEWER", "person": {"email": "new@example.org"}, "team": {"name": "ada"},
    }  # fmt: skip


def test_a_link_opens_once(api: Rig) -> None:
    _, secret = invited(api)
    api.data(JOIN, token="", s=secret, e="once@example.org")
    assert api.code(JOIN, token="", s=secret, e="twice@example.org") == "NOT_FOUND"
    assert api.code(OFFER, token="", s=secret) == "NOT_FOUND"
    assert api.code(ACCEPT, s=secret) == "NOT_FOUND"


def test_somebody_with_an_account_joins_with_it_and_keeps_a_role_they_have(api: Rig) -> None:
    bob = api.account("bob@example.org", "bobs")
    _, secret = invited(api, "BOB@example.org", "ADMIN")
    api.data(ACCEPT, token=bob.token, s=secret)
    roles = {
        t["name"]: t["role"]
        for t in api.data("{me{teams{name role}}}", token=bob.token)["me"]["teams"]
    }
    assert roles == {"ada": "ADMIN", "bobs": "OWNER"}
    _, again = invited(api, "", "VIEWER")
    api.data(ACCEPT, token=bob.token, s=again)
    members = api.data("{members{role person{email}}}")["members"]
    assert {"role": "ADMIN", "person": {"email": "bob@example.org"}} in members


def test_an_invitation_to_an_address_is_for_nobody_else(api: Rig) -> None:
    eve = api.account("eve@example.org", "eves")
    _, secret = invited(api, "carol@example.org")
    assert api.code(ACCEPT, token=eve.token, s=secret) == "INVALID_INPUT"
    assert api.code(JOIN, token="", s=secret, e="mallory@example.org") == "INVALID_INPUT"
    assert api.data(OFFER, token="", s=secret)["invitation"]["email"] == "carol@example.org"


def test_a_withdrawn_a_resent_and_an_expired_link_open_nothing(api: Rig) -> None:
    cancelled, first = invited(api)
    api.data("mutation($i:ID!){cancelInvitation(id:$i){position}}", i=cancelled)
    api.data("mutation($i:ID!){cancelInvitation(id:$i){position}}", i=cancelled)
    resent, second = invited(api)
    text = "mutation($i:ID!){resendInvitation(id:$i){link}}"
    fresh = api.data(text, i=resent)["resendInvitation"]["link"].rpartition("/")[2]
    for secret in (first, second):
        assert api.code(OFFER, token="", s=secret) == "NOT_FOUND"
    assert api.data(OFFER, token="", s=fresh)
    assert api.code(text, i=cancelled) == "INVALID_INPUT"
    shown = {row["id"]: row for row in api.data(LISTED)["invitations"]}
    assert shown[cancelled]["cancelledAt"]
    assert not shown[resent]["cancelledAt"]


def test_an_expired_invitation_is_refused_by_the_decision_itself(api: Rig) -> None:
    id, _ = invited(api)
    state = fold(api.lab.log.stream(id))
    assert state.expires_at is not None
    late = state.expires_at + timedelta(seconds=1)
    with pytest.raises(InvalidInput, match="has expired"):
        state.accept("user_x", email_digest="", now=late, by="user:user_x")


def test_only_an_owner_invites_owners_and_a_member_nobody(api: Rig) -> None:
    dan = api.account("dan@example.org", "dans")
    _, secret = invited(api, "", "ADMIN")
    api.data(ACCEPT, token=dan.token, s=secret)
    headers = {"authorization": f"Bearer {dan.token}", "x-lab-team": api.owner.team}
    body = {"query": INVITE, "variables": {"e": "", "r": "OWNER"}}
    refused = api.post(body, headers).json()["errors"][0]
    assert refused["extensions"]["code"] == "PERMISSION_DENIED"
    change = "mutation($u:ID!){setRole(user:$u,role:VIEWER){position}}"
    body = {"query": change, "variables": {"u": api.owner.user}}
    assert api.post(body, headers).json()["errors"][0]["extensions"]["code"] == "PERMISSION_DENIED"


def test_who_invited_and_who_came_is_in_the_log_and_no_address_and_no_secret(api: Rig) -> None:
    id, secret = invited(api, "frank@example.org")
    user = api.data(JOIN, token="", s=secret, e="")["joinTeam"]["user"]
    facts = api.lab.log.stream(id)
    assert [(f.by, type(f).__name__) for f in facts] == [
        (f"user:{api.owner.user}", "InvitationSent"), (f"user:{user}", "InvitationAccepted"),
    ]  # fmt: skip
    assert isinstance(facts[-1], InvitationAccepted)
    told = repr(facts) + repr(api.lab.log.read(0, 10**6))
    assert "frank@" not in told
    assert secret not in told


def test_ownership_is_handed_over_whole_and_the_last_owner_cannot_leave(api: Rig) -> None:
    gina = api.account("gina@example.org", "ginas")
    assert (
        api.code("mutation($u:ID!){removeMember(user:$u){position}}", token=gina.token, u=gina.user)
        == "INVALID_INPUT"
    )
    api.data('mutation{addMember(email:"ada@example.org",role:MEMBER){position}}', token=gina.token)
    given = api.data(
        "mutation($u:ID!){transferTeam(user:$u){members{role person{id}}}}",
        token=gina.token, u=api.owner.user,
    )["transferTeam"]["members"]  # fmt: skip
    roles = {m["person"]["id"]: m["role"] for m in given}
    assert roles == {gina.user: "ADMIN", api.owner.user: "OWNER"}
    api.data("mutation($u:ID!){removeMember(user:$u){position}}", token=gina.token, u=gina.user)
    assert api.data("{me{teams{name}}}", token=gina.token)["me"]["teams"] == []


def test_a_team_with_a_live_job_is_not_closed(api: Rig) -> None:
    hugo = api.account("hugo@example.org", "hugos")
    launch = 'mutation{queueJob(launch:{yaml:"name: a\\nrun: b"}){id}}'
    job = api.data(launch, token=hugo.token)["queueJob"]["id"]
    close = "mutation($n:String!){archiveTeam(name:$n){position}}"
    assert api.code(close, token=hugo.token, n="hugos") == "INVALID_INPUT"
    api.data("mutation($i:ID!){stopJob(id:$i){id}}", token=hugo.token, i=job)
    assert api.code(close, token=hugo.token, n="hugo") == "INVALID_INPUT"
    api.data(close, token=hugo.token, n="hugos")
    assert api.data("{jobs{edges{node{id}}}}", token=hugo.token)["jobs"]["edges"]
    assert api.code(launch, token=hugo.token) == "PERMISSION_DENIED"
