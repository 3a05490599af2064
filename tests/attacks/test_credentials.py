"""Time that would tell who has an account, sessions planted by somebody else, links used again."""

from __future__ import annotations

import statistics
import time

import pytest
from argon2 import PasswordHasher

from application.commands.accounts import open_session
from domain.tokens import SessionRefused
from tests.attacks.conftest import Noted
from tests.graphql_api.rig import PASSWORD, Rig

pytestmark = pytest.mark.postgres

SIGN_IN = "mutation($e:String!,$p:String!){signIn(email:$e,password:$p){token}}"
TRIES = 5


def test_an_unknown_address_takes_as_long_as_a_wrong_password(
    api: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hash is computed for nobody too. Without it an unknown address is answered 20 times as fast."""
    monkeypatch.setattr(api.lab.credentials, "hasher", PasswordHasher())  # as in earnest
    api.lab.credentials.set_password(api.owner.user, PASSWORD)
    known, unknown = (
        statistics.median(_took(api, user) for _ in range(TRIES))
        for user in (api.owner.user, "user_nobody")
    )
    assert unknown > known / 3
    said = [
        api.ask(SIGN_IN, token="", e=email, p="not it")["errors"][0]["message"]
        for email in (api.owner.email, "nobody@example.org")
    ]
    assert said[0] == said[1]


def _took(api: Rig, user: str) -> float:
    begin = time.perf_counter()
    assert not api.lab.credentials.password_is(user, "not the password")
    return time.perf_counter() - begin


def test_a_session_is_never_the_one_that_was_brought_along(api: Rig) -> None:
    planted = open_session(api.lab, api.owner.user).secret
    headers = {"cookie": f"lab_session={planted}", "origin": api.url}
    body = {"query": SIGN_IN, "variables": {"e": api.owner.email, "p": PASSWORD}}
    made = api.post(body, headers).json()["data"]["signIn"]["token"]
    assert made != planted
    forged = {"cookie": "lab_session=labs_chosen-by-somebody-else", "origin": api.url}
    made = api.post(body, forged).json()["data"]["signIn"]["token"]
    assert made != "labs_chosen-by-somebody-else"
    assert api.lab.credentials.find("labs_chosen-by-somebody-else") is None


def test_guessing_a_password_is_slowed_down_and_noted(api: Rig, noted: Noted) -> None:
    codes = [
        api.code(SIGN_IN, token="", e="guessed@example.org", p=f"guess {n}") for n in range(14)
    ]
    assert codes[0] == "NOT_AUTHENTICATED"
    assert codes[-1] == "RATE_LIMITED"
    assert noted("RATE_LIMITED: nobody asked for signIn from 127.0.0.1")
    facts = [recorded.event for recorded in api.lab.log.read(0, 10_000)]
    assert any(isinstance(fact, SessionRefused) for fact in facts)


def test_an_invitation_opens_once_and_more_is_noted(api: Rig, noted: Noted) -> None:
    invite = "mutation{invite(role:MEMBER){link}}"
    secret = api.data(invite)["invite"]["link"].rpartition("/")[2]
    join = "mutation($s:String!,$e:String!,$p:String!)"
    join += '{joinTeam(secret:$s,name:"G",email:$e,password:$p){token}}'
    api.data(join, token="", s=secret, e="first@invited.example", p=PASSWORD)
    again = api.code(join, token="", s=secret, e="second@invited.example", p=PASSWORD)
    assert again == "NOT_FOUND"
    assert noted("UNKNOWN_LINK: nobody asked for joinTeam from 127.0.0.1")
    assert api.code("query($s:String!){invitation(secret:$s){teamName}}", s=secret) == "NOT_FOUND"


def test_no_credential_of_another_kind_is_one(api: Rig) -> None:
    """The secret of an invitation, of a one-time link or of a node signs nobody in."""
    secret = api.data("mutation{invite(role:OWNER){link}}")["invite"]["link"].rpartition("/")[2]
    for other in (
        secret,
        api.lab.credentials.job_token("job_x", 1, now=api.lab.clock.now()),
        "lab_",
        "Bearer",
    ):
        headers = {"authorization": f"Bearer {other}"}
        body = api.post({"query": "{me{role}}"}, headers).json()
        assert body["errors"][0]["extensions"]["code"] == "NOT_AUTHENTICATED", other
