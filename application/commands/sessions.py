"""One's own sessions and password: what is open, ending it, changing the password.

A changed password ends every session; whoever changed it goes on in a new one. API tokens stay:
they are listed and revoked by name. Not here: signing in (``accounts.py``), links (``links.py``).
"""

from __future__ import annotations

from application.account_ports import Caller
from application.actor import Actor
from application.commands.accounts import FREE_TRIES, SignedIn, open_session, strong
from application.lab import Lab
from domain.errors import InvalidInput, NotAuthenticated, NotFound, TokenLimited
from domain.tokens import fold as fold_credential
from domain.users import fold as fold_user

ONE_TIME_FOR_PASSWORD = ("reset", "sign-in")


def end_session(lab: Lab, actor: Actor, session: str) -> int:
    """End one of one's own sessions; repeatable. It works no more from now on."""
    _for_oneself(actor)
    facts = lab.log.stream(session)
    state = fold_credential(facts)
    if not facts or state.user != actor.user or state.team:
        raise NotFound(kind="session", id=session)
    return _end(lab, actor, session)


def end_sessions(lab: Lab, actor: Actor, *, keep: str = "") -> int:
    """End all of one's own sessions but ``keep``; how many were ended."""
    _for_oneself(actor)
    return _end_all(lab, actor, actor.user, keep=keep)


def change_password(
    lab: Lab, actor: Actor, *, old: str, new: str, caller: Caller | None = None
) -> SignedIn:
    """A new session in place of all others. ``InvalidInput`` when ``old`` is not the password."""
    _for_oneself(actor)
    strong(new)
    key = f"password:{actor.user}"
    lab.failures.note(key, free=FREE_TRIES)
    if not lab.credentials.password_is(actor.user, old):
        way_out = "That is not your present password."
        raise InvalidInput(field="old", value="(not shown)", way_out=way_out)
    lab.failures.forget(key)
    replace_password(lab, actor, actor.user, new)
    return open_session(lab, actor.user, method="password", caller=caller)


def replace_password(lab: Lab, actor: Actor, user: str, new: str) -> None:
    """Set it, end every session of theirs and every link that would let somebody in."""
    strong(new)
    lab.credentials.set_password(user, new)
    lab.change(
        user, fold_user, lambda u: u.set_password(now=lab.clock.now(), by=actor.by), actor=actor
    )
    for kind in ONE_TIME_FOR_PASSWORD:
        lab.credentials.revoke_all(user, kind)
    _end_all(lab, actor, user)


def _end_all(lab: Lab, actor: Actor, user: str, *, keep: str = "") -> int:
    others = [seen.id for seen in lab.credentials.sessions(user) if seen.id != keep]
    for session in others:
        _end(lab, actor, session)
    return len(others)


def _end(lab: Lab, actor: Actor, session: str) -> int:
    lab.credentials.revoke(session)
    return lab.change(
        session,
        fold_credential,
        lambda c: c.revoke(now=lab.clock.now(), by=actor.by),
        actor=actor,
    ).position


def _for_oneself(actor: Actor) -> None:
    if not actor.user:
        raise NotAuthenticated(why="no valid session or API token came with the request")
    if actor.scopes:
        raise TokenLimited(scopes=", ".join(actor.scopes))
