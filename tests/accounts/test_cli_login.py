"""What a command line gets from a person's yes, and what it gets without."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest
from msgspec.structs import replace

from application.account_ports import Caller
from application.actor import system
from application.commands.accounts import register_user
from application.commands.cli_login import (
    Device,
    LoginOver,
    allow_here,
    answer_device,
    begin_device,
    poll_device,
    redeem,
    waiting_device,
)
from application.commands.members import add_member, remove_member
from domain.errors import InvalidInput, NotFound, PermissionDenied, RateLimited
from domain.teams import Role
from domain.tokens import TokenIssued
from server.bootstrap import System
from tests.accounts.conftest import PASSWORD, Ada

pytestmark = pytest.mark.postgres

VERIFIER = "what only the program knows, and shows at the end"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
THERE = Caller(address="192.0.2.7")


def begun(ada: Ada) -> Device:
    return begin_device(ada.lab, name="lab on gpu-box", caller=THERE)


def long_ago(parts: System, sql: str) -> None:
    with parts.pool.connection() as conn:
        conn.execute(f"set search_path = {parts.settings.schema}")
        conn.execute(sql)
        conn.execute("reset search_path")


def polled_before(parts: System) -> None:
    """As if the last question were longer ago than the interval."""
    long_ago(parts, "update device_logins set polled_at = polled_at - interval '1 minute'")


def test_a_code_over_loopback_is_a_named_token_once(ada: Ada) -> None:
    code = allow_here(ada.lab, ada.actor, name="lab on desk", challenge=CHALLENGE)
    made, secret = redeem(ada.lab, code=code, verifier=VERIFIER)
    (fact,) = ada.lab.log.stream(made)
    assert isinstance(fact, TokenIssued)
    assert (fact.name, fact.team, fact.by) == ("lab on desk", ada.actor.team, f"user:{ada.user}")
    assert fact.expires_at is not None
    assert fact.expires_at - fact.at == timedelta(days=90)
    found = ada.lab.credentials.find(secret)
    assert found is not None
    assert found.id == made
    with pytest.raises(LoginOver):
        redeem(ada.lab, code=code, verifier=VERIFIER)


def test_a_stolen_code_is_worth_nothing_and_is_spent(ada: Ada) -> None:
    code = allow_here(ada.lab, ada.actor, name="lab on desk", challenge=CHALLENGE)
    with pytest.raises(LoginOver):
        redeem(ada.lab, code=code, verifier="a guess")
    with pytest.raises(LoginOver):
        redeem(ada.lab, code=code, verifier=VERIFIER)
    with pytest.raises(InvalidInput):
        allow_here(ada.lab, ada.actor, name="lab on desk", challenge="plain")


def test_a_device_gets_a_token_after_a_yes_and_once(ada: Ada, parts: System) -> None:
    device = begun(ada)
    assert poll_device(ada.lab, device.device) is None
    typed = f" {device.code.lower().replace('-', ' ')} "
    assert waiting_device(ada.lab, ada.actor, typed).name == "lab on gpu-box"
    assert waiting_device(ada.lab, ada.actor, typed).address == "192.0.2.7"
    answer_device(ada.lab, ada.actor, typed, allowed=True)
    polled_before(parts)
    issued = poll_device(ada.lab, device.device)
    assert issued is not None
    assert ada.lab.credentials.find(issued[1]) is not None
    with pytest.raises(LoginOver):
        poll_device(ada.lab, device.device)
    with pytest.raises(NotFound):
        answer_device(ada.lab, ada.actor, typed, allowed=True)


def test_a_device_that_is_refused_gets_nothing(ada: Ada, parts: System) -> None:
    device = begun(ada)
    answer_device(ada.lab, ada.actor, device.code, allowed=False)
    with pytest.raises(LoginOver):
        poll_device(ada.lab, device.device)


def test_the_code_a_person_types_is_not_what_the_device_asks_with(ada: Ada) -> None:
    device = begun(ada)
    answer_device(ada.lab, ada.actor, device.code, allowed=True)
    for guess in (device.code, device.code.replace("-", ""), ""):
        with pytest.raises(LoginOver):
            poll_device(ada.lab, guess)


def test_asking_too_often_is_slowed_down(ada: Ada) -> None:
    device = begun(ada)
    poll_device(ada.lab, device.device)
    with pytest.raises(RateLimited):
        poll_device(ada.lab, device.device)


def test_a_code_that_is_too_old_opens_nothing(ada: Ada, parts: System) -> None:
    device = begun(ada)
    long_ago(parts, "update device_logins set expires_at = now() - interval '1 second'")
    with pytest.raises(NotFound):
        waiting_device(ada.lab, ada.actor, device.code)
    with pytest.raises(LoginOver):
        poll_device(ada.lab, device.device)


def test_guessing_codes_is_slowed_down(ada: Ada) -> None:
    codes = [f"BBBB-BBB{letter}" for letter in "BCDFGHJKLM"]
    for code in codes:
        with pytest.raises(NotFound):
            waiting_device(ada.lab, ada.actor, code)
    with pytest.raises(RateLimited):
        waiting_device(ada.lab, ada.actor, begun(ada).code)


def test_who_left_the_team_between_yes_and_token_gets_none(ada: Ada) -> None:
    grace = register_user(
        ada.lab, system("test"), email="grace@example.org", name="", password=PASSWORD
    )
    add_member(ada.lab, ada.actor, email="grace@example.org", role=Role.MEMBER)
    actor = replace(ada.actor, user=grace, by=f"user:{grace}", role=Role.MEMBER)
    code = allow_here(ada.lab, actor, name="lab on desk", challenge=CHALLENGE)
    remove_member(ada.lab, ada.actor, user=grace)
    with pytest.raises(LoginOver):
        redeem(ada.lab, code=code, verifier=VERIFIER)


def test_a_limited_token_and_somebody_of_no_team_let_nothing_in(ada: Ada) -> None:
    device = begun(ada)
    for actor in (replace(ada.actor, scopes=("read",)), replace(ada.actor, team="", role=None)):
        with pytest.raises(PermissionDenied):
            answer_device(ada.lab, actor, device.code, allowed=True)
