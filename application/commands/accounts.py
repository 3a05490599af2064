"""People: accounts, sign-in, new teams. Not here: API tokens (``tokens.py``)."""

from __future__ import annotations

import re
from datetime import timedelta

import msgspec

from application.account_ports import Caller
from application.actor import Actor
from application.commands.idempotency import once
from application.commands.naming import claiming, clean_name, holder
from application.lab import Lab
from application.log import UniqueTaken
from domain.errors import AlreadyExists, InvalidInput, NotAuthenticated
from domain.experiments import DEFAULT_NAMES, ExperimentCreated
from domain.experiments import unique_name as unique_experiment
from domain.model import NEXT_VERSION, Event, Guard
from domain.teams import create_team, unique_slug
from domain.tokens import SessionOpened, SessionRefused
from domain.users import UserPasswordSet, UserRegistered, unique_email
from domain.users import fold as fold_user

PASSWORD_MIN = 10
PASSWORD_MAX = 1_024
SESSION_DAYS = 14
FREE_TRIES = 10
"""Wrong passwords for one address in a quarter of an hour before each further one must wait."""
FREE_TRIES_FROM = 60
"""The same for everything that comes from one network address."""
HERE = "on this server"
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """``secret`` is the session's credential: for a cookie or a keyring, never for an event."""

    id: str
    secret: str
    user: str

    def __repr__(self) -> str:
        return f"SignedIn({self.id!r}, user={self.user!r})"


def register_user(lab: Lab, actor: Actor, *, email: str, name: str, password: str | None) -> str:
    """A new person's id. ``AlreadyExists`` when the address has an account.

    ``password`` ``None``: an identity provider vouches for them.
    """
    address = clean_email(email)
    if password is not None:
        strong(password)
    shown = clean_name("name", name or address.partition("@")[0])
    made = lab.ids.new("user")
    digest = lab.vault.digest(address)
    now = lab.clock.now()
    registered = UserRegistered(
        email_sealed=lab.vault.seal(made, address),
        email_digest=digest,
        name_sealed=lab.vault.seal(made, shown),
        originator_id=made,
        originator_version=1,
        at=now,
        by=actor.by,
    )
    facts: list[Event] = [registered]
    if password is not None:
        facts.append(UserPasswordSet(originator_id=made, originator_version=2, at=now, by=actor.by))
        lab.credentials.set_password(made, password)
    try:
        lab.append(facts, [unique_email(digest, made)], actor=actor)
    except UniqueTaken:
        raise AlreadyExists(kind="account", name=address, holder=HERE) from None
    return made


def found_team(lab: Lab, actor: Actor, *, name: str, owner: str, key: str = "") -> str:
    """A new team's id, with its first owner and the default experiments. Repeatable with ``key``."""
    name = clean_name("name", name)
    made = lab.ids.new("team")
    slug = slug_of(name)
    now = lab.clock.now()
    events: list[Event] = [
        *create_team(made, name=name, slug=slug, owner=owner, now=now, by=actor.by)
    ]
    own = unique_slug(slug, made)
    needed: list[Guard] = [own]
    for experiment in DEFAULT_NAMES:
        home = lab.ids.new("exp")
        events.append(
            ExperimentCreated(
                team=made,
                name=experiment,
                originator_id=home,
                originator_version=1,
                at=now,
                by=actor.by,
            )
        )
        needed.append(unique_experiment(made, experiment, home))

    def record(guards: tuple[Guard, ...]) -> str:
        with claiming(own, kind="team", name=name):
            lab.append(events, [*guards, *needed], actor=actor)
        return made

    return once(actor, key, ("found_team", name, owner), made=made, record=record)


def sign_in(lab: Lab, *, email: str, password: str, caller: Caller | None = None) -> SignedIn:
    """A new session. Unknown person and wrong password are the same refusal, in the same time.

    ``RateLimited`` after many failures, for the right password too, until the wait is over.
    """
    digest = lab.vault.digest(email.strip())
    source = f"from:{caller.address}" if caller and caller.address else ""
    if source:
        lab.failures.note(source, free=FREE_TRIES_FROM)
    tries = lab.failures.note(f"as:{digest}", free=FREE_TRIES)
    user = holder(lab, f"email:{digest}")
    good = lab.credentials.password_is(user, password)
    person = fold_user(lab.log.stream(user)) if user else None
    if not good or person is None or not person.enabled:
        if tries == FREE_TRIES:
            _record_refusal(lab, digest, tries)
        raise NotAuthenticated(why="the e-mail address or the password is wrong")
    lab.failures.forget(f"as:{digest}")
    if source:
        lab.failures.take_back(source)
    return open_session(lab, user, method="password", caller=caller)


def open_session(
    lab: Lab, user: str, *, method: str = "", caller: Caller | None = None
) -> SignedIn:
    """A session for somebody who has proved who they are, by ``method``."""
    made = lab.ids.new("session")
    now = lab.clock.now()
    expires = now + timedelta(days=SESSION_DAYS)
    fact = SessionOpened(
        user=user,
        expires_at=expires,
        method=method,
        originator_id=made,
        originator_version=1,
        at=now,
        by=f"user:{user}",
    )
    lab.log.append([fact])
    secret = lab.credentials.issue(
        id=made, kind="session", user=user, team="", scopes=(), expires_at=expires, caller=caller
    )
    return SignedIn(id=made, secret=secret, user=user)


def slug_of(name: str) -> str:
    """``name`` as a short name: lower-case ASCII letters, digits and dashes."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return slug or "team"


def _record_refusal(lab: Lab, digest: str, failures: int) -> None:
    fact = SessionRefused(
        email_digest=digest,
        failures=failures,
        originator_id=lab.ids.new("refusal"),
        originator_version=NEXT_VERSION,
        at=lab.clock.now(),
        by="system:sign-in",
    )
    lab.log.append([fact])


def clean_email(text: str) -> str:
    """``text`` trimmed. ``InvalidInput`` when it is no address."""
    address = text.strip()
    if not EMAIL.fullmatch(address) or not address.isprintable():
        way_out = "Give an address like name@example.org."
        raise InvalidInput(field="email", value=text, way_out=way_out)
    return address


def strong(password: str) -> None:
    """Nothing, or ``InvalidInput`` that never shows it."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        way_out = f"Choose a password of {PASSWORD_MIN} to {PASSWORD_MAX:,} characters."
        raise InvalidInput(field="password", value="(not shown)", way_out=way_out)
    if len(set(password)) < 5:
        way_out = "Choose one with at least five different characters."
        raise InvalidInput(field="password", value="(not shown)", way_out=way_out)
