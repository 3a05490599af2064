"""Letting a command line act for somebody who is signed in at a page: over loopback, or by a short code.

Either way the outcome is an API token of the person's present team, named after the machine, listed
and revocable like any other. Nothing is issued before the person has said yes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import timedelta

import msgspec

from application.account_ports import Caller, DeviceWaiting
from application.actor import Actor, person
from application.commands.accounts import FREE_TRIES
from application.commands.naming import clean_name
from application.commands.tokens import issue_token
from application.lab import Lab
from application.permissions import Action, require
from domain.errors import InvalidInput, LabError, NotFound, TokenLimited
from domain.teams import fold as fold_team
from domain.users import fold as fold_user

TOKEN_DAYS = 90
CODE_MINUTES = 2
DEVICE_MINUTES = 10
FREE_DEVICES_FROM = 30
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so no words, and nothing that looks like a digit: https://www.rfc-editor.org/rfc/rfc8628#section-6.1"""
CODE_LETTERS = 8
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class LoginOver(LabError):
    """A command line's login was refused, is too old, or was finished. Begin again."""

    code = "LOGIN_OVER"
    sentence = "This login is over: {why}. Run `lab login` again."


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """``device`` is the command line's own secret, ``code`` what the person types."""

    device: str
    code: str
    expires_s: int
    interval_s: int

    def __repr__(self) -> str:
        return "Device(…)"


class _Code(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    challenge: str


def allow_here(lab: Lab, actor: Actor, *, name: str, challenge: str) -> str:
    """A one-time code for the command line on the person's own machine.

    ``challenge``: base64url of the SHA-256 of what it must show to redeem the code.
    """
    _may_allow(actor)
    if not CHALLENGE.fullmatch(challenge):
        raise InvalidInput(field="challenge", value=challenge, way_out="Begin with `lab login`.")
    payload = _Code(name=clean_name("name", name), challenge=challenge)
    return lab.credentials.issue(
        id=lab.ids.new("login"),
        kind="cli",
        user=actor.user,
        team=actor.team,
        scopes=(),
        expires_at=lab.clock.now() + timedelta(minutes=CODE_MINUTES),
        payload=msgspec.json.encode(payload).decode(),
    )


def redeem(lab: Lab, *, code: str, verifier: str) -> tuple[str, str]:
    """``(id, secret)`` of the new API token. ``LoginOver``; a wrong ``verifier`` spends the code."""
    found = lab.credentials.take(code, "cli")
    if found is None:
        raise LoginOver(why="the code is unknown, too old or used")
    kept = msgspec.json.decode(found.payload, type=_Code)
    digest = hashlib.sha256(verifier.encode("utf-8", "replace")).digest()
    shown = base64.urlsafe_b64encode(digest).rstrip(b"=")
    if not hmac.compare_digest(shown, kept.challenge.encode()):
        raise LoginOver(why="another program began it")
    return _token(lab, found.user, found.team, kept.name)


def begin_device(lab: Lab, *, name: str, caller: Caller) -> Device:
    """A login that waits for somebody to type its code. ``RateLimited`` by network address."""
    shown = clean_name("name", name)
    lab.failures.note(f"device-from:{caller.address}", free=FREE_DEVICES_FROM)
    expires = lab.clock.now() + timedelta(minutes=DEVICE_MINUTES)
    device = secrets.token_urlsafe(32)
    begun = False
    while not begun:  # the code is short: another may wait with it
        code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))
        begun = lab.device_logins.begin(
            device=device, code=code, name=shown, address=caller.address, expires_at=expires
        )
    return Device(
        device=device,
        code=f"{code[:4]}-{code[4:]}",
        expires_s=DEVICE_MINUTES * 60,
        interval_s=lab.device_logins.interval_s,
    )


def waiting_device(lab: Lab, actor: Actor, code: str) -> DeviceWaiting:
    """What waits with ``code``. ``NotFound``; a person who guesses is slowed down."""
    _may_allow(actor)
    key = f"device-code:{actor.user}"
    lab.failures.note(key, free=FREE_TRIES)
    found = lab.device_logins.find(clean_code(code))
    if found is None:
        raise NotFound(kind="login", id=code)
    lab.failures.take_back(key)
    return found


def answer_device(lab: Lab, actor: Actor, code: str, *, allowed: bool) -> None:
    """Say yes or no to what waits with ``code``. ``NotFound`` once it was answered or is too old."""
    waiting_device(lab, actor, code)
    if not lab.device_logins.decide(
        clean_code(code), allowed=allowed, user=actor.user, team=actor.team
    ):
        raise NotFound(kind="login", id=code)


def poll_device(lab: Lab, device: str) -> tuple[str, str] | None:
    """``(id, secret)`` of the new API token, once; ``None`` while nobody has answered.

    ``RateLimited`` when asked too often, ``LoginOver`` when it was refused or is too old.
    """
    answer = lab.device_logins.poll(device)
    if answer is None:
        raise LoginOver(why="nobody confirmed it in time")
    if answer.waiting:
        return None
    if not answer.allowed:
        raise LoginOver(why="it was refused")
    return _token(lab, answer.user, answer.team, answer.name)


def clean_code(code: str) -> str:
    """As it was made: people type it in small letters, with blanks or dashes."""
    return re.sub(r"[^A-Z]", "", code.upper())


def _may_allow(actor: Actor) -> None:
    require(actor, Action.ISSUE_TOKENS)
    if actor.scopes:
        raise TokenLimited(scopes=", ".join(actor.scopes))


def _token(lab: Lab, user: str, team: str, name: str) -> tuple[str, str]:
    """Issued with what the person may do now, not when they said yes."""
    role = fold_team(lab.log.stream(team)).roles.get(user)
    if role is None or not fold_user(lab.log.stream(user)).enabled:
        raise LoginOver(why="the account may not do this any more")
    return issue_token(lab, person(user, team=team, role=role), name=name, days=TOKEN_DAYS)
