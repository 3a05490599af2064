"""Setting and deleting secrets: write-only, versioned, the value never in an event."""

from __future__ import annotations

import re

from application.actor import Actor
from application.commands.idempotency import once_at, was_asked
from application.lab import Lab
from application.permissions import Action, require
from domain.errors import InvalidInput
from domain.model import Guard
from domain.secrets import fold, stream_of

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
VALUE_LIMIT = 64 * 1024


def set_secret(
    lab: Lab, actor: Actor, *, name: str, value: str, personal: bool = False, key: str = ""
) -> int:
    """A new version; jobs queued before use it from their next attempt on. Repeatable with ``key``."""
    require(actor, Action.WRITE_SECRETS)
    check_name("name", name)
    _check(value)
    user = actor.user if personal else ""
    stream = stream_of(team=actor.team, user=user, name=name)
    state = fold(lab.log.stream(stream))
    fact = state.set_value(team=actor.team, name=name, user=user, now=lab.clock.now(), by=actor.by)

    def record(guards: tuple[Guard, ...]) -> int:
        if not was_asked(lab, actor, key):  # else an old value would replace a newer one
            lab.secrets.put(team=actor.team, user=user, name=name, number=fact.number, value=value)
        return lab.append([fact], guards, actor=actor)

    asked = ("set_secret", actor.team, user, name, lab.vault.digest(value.encode().hex()))
    return once_at(lab, actor, key, asked, record=record)


def make_ssh_key(
    lab: Lab, actor: Actor, *, name: str, personal: bool = False, key: str = ""
) -> int:
    """A new key pair: the private part is the secret's new value, the public one is shown. Once with ``key``."""
    require(actor, Action.WRITE_SECRETS)
    check_name("name", name)
    user = actor.user if personal else ""
    state = fold(lab.log.stream(stream_of(team=actor.team, user=user, name=name)))
    about = {"team": actor.team, "user": user, "name": name}

    def record(guards: tuple[Guard, ...]) -> int:
        if was_asked(lab, actor, key):
            return lab.append([], guards, actor=actor)
        public = lab.secrets.make_ssh_key(**about, number=state.number + 1)
        now = lab.clock.now()
        fact = state.set_value(**about, now=now, by=actor.by, public_key=public)
        return lab.append([fact], guards, actor=actor)

    return once_at(lab, actor, key, ("make_ssh_key", actor.team, user, name), record=record)


def delete_secret(lab: Lab, actor: Actor, *, name: str, personal: bool = False) -> int:
    """Forget the value; repeatable. Jobs that name it are refused from now on."""
    require(actor, Action.WRITE_SECRETS)
    user = actor.user if personal else ""
    stream = stream_of(team=actor.team, user=user, name=name)
    lab.secrets.delete(team=actor.team, user=user, name=name)
    return lab.change(
        stream,
        fold,
        lambda s: s.delete(team=actor.team, name=name, user=user, now=lab.clock.now(), by=actor.by),
        actor=actor,
    ).position


def check_name(field: str, name: str) -> None:
    """Nothing, or ``InvalidInput`` for what no secret can be called."""
    if not NAME.fullmatch(name):
        way_out = "Use letters, digits and _, not beginning with a digit, at most 100 characters."
        raise InvalidInput(field=field, value=name, way_out=way_out)


def _check(value: str) -> None:
    if not value or len(value) > VALUE_LIMIT or "\0" in value:
        way_out = f"Give 1 to {VALUE_LIMIT:,} characters without NUL."
        raise InvalidInput(field="value", value="(not shown)", way_out=way_out)
