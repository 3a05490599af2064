"""API tokens: named, limited by scopes, with an end; issued to oneself or to a service account.

Not here: sessions (``sessions.py``), signing in a command line (``cli_login.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from application.actor import Actor
from application.commands.idempotency import once
from application.commands.naming import clean_name
from application.lab import Lab
from application.log import UniqueTaken
from application.permissions import SCOPES, Action, allowed, require, require_own
from domain.errors import InvalidInput, NotFound
from domain.model import Guard
from domain.service_accounts import fold as fold_service
from domain.service_accounts import is_service
from domain.tokens import Credential, TokenIssued, fold

DAYS_AT_MOST = 3650


def issue_token(
    lab: Lab,
    actor: Actor,
    *,
    name: str,
    scopes: Sequence[str] = (),
    days: int | None = None,
    key: str = "",
) -> tuple[str, str]:
    """``(id, secret)`` of a new API token for the actor's team; the secret is shown once.

    Asked again with ``key``: the same id and an empty secret, for only its hash is kept.
    """
    require(actor, Action.ISSUE_TOKENS)
    return _issue(lab, actor, actor.user, name=name, scopes=scopes, days=days, key=key)


def issue_service_token(
    lab: Lab,
    actor: Actor,
    account: str,
    *,
    name: str,
    scopes: Sequence[str] = (),
    days: int | None = None,
    key: str = "",
) -> tuple[str, str]:
    """The same for a service account of the team, which may be given as many as it needs."""
    require(actor, Action.MANAGE_SERVICES)
    service = fold_service(lab.log.stream(account)) if is_service(account) else None
    require_own(actor, service.team if service else "", kind="service account", id=account)
    if service is None or not service.good(lab.clock.now()):
        way_out = "It is closed or has expired; make another."
        raise InvalidInput(field="account", value=account, way_out=way_out)
    return _issue(lab, actor, account, name=name, scopes=scopes, days=days, key=key)


def revoke_credential(lab: Lab, actor: Actor, credential: str) -> int:
    """End one's own API token or session, or as an admin an API token of the team; repeatable.

    It works no more from now on.
    """
    facts = lab.log.stream(credential)
    state = fold(facts)
    if not facts or not _may_revoke(actor, state):
        raise NotFound(kind="token", id=credential)
    lab.credentials.revoke(credential)
    return lab.change(
        credential, fold, lambda c: c.revoke(now=lab.clock.now(), by=actor.by), actor=actor
    ).position


def _may_revoke(actor: Actor, state: Credential) -> bool:
    if state.user == actor.user:
        return True
    manage = Action.MANAGE_SERVICES if is_service(state.user) else Action.MANAGE_MEMBERS
    return bool(state.team) and state.team == actor.team and allowed(actor, manage)


def _issue(
    lab: Lab,
    actor: Actor,
    user: str,
    *,
    name: str,
    scopes: Sequence[str],
    days: int | None,
    key: str,
) -> tuple[str, str]:
    name = clean_name("name", name)
    _known(scopes)
    if days is not None and not 0 < days <= DAYS_AT_MOST:
        way_out = f"Give 1 to {DAYS_AT_MOST} days."
        raise InvalidInput(field="days", value=days, way_out=way_out)
    made = lab.ids.new("token")
    secrets: dict[str, str] = {}

    def record(guards: tuple[Guard, ...]) -> str:
        secrets[made], fact = _issued(lab, actor, made, user, name=name, scopes=scopes, days=days)
        try:
            lab.append([fact], guards, actor=actor)
        except UniqueTaken:
            lab.credentials.revoke(made)
            raise
        return made

    asked: tuple[object, ...] = ("issue_token", actor.team, name, sorted(scopes), days)
    if user != actor.user:
        asked = (*asked, user)
    found = once(actor, key, asked, made=made, record=record)
    return found, secrets[made] if found == made else ""


def _issued(
    lab: Lab,
    actor: Actor,
    made: str,
    user: str,
    *,
    name: str,
    scopes: Sequence[str],
    days: int | None,
) -> tuple[str, TokenIssued]:
    """A secret that works from now on, and the fact to record."""
    now = lab.clock.now()
    expires = now + timedelta(days=days) if days else None
    secret = lab.credentials.issue(
        id=made, kind="api", user=user, team=actor.team, scopes=scopes, expires_at=expires
    )
    fact = TokenIssued(
        user=user,
        team=actor.team,
        name=name,
        prefix=secret[:12],
        scopes=tuple(scopes),
        expires_at=expires,
        originator_id=made,
        originator_version=1,
        at=now,
        by=actor.by,
    )
    return secret, fact


def _known(scopes: Sequence[str]) -> None:
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        way_out = f"Known scopes: {', '.join(SCOPES)}; none at all means all you may do."
        raise InvalidInput(field="scopes", value=unknown[0], way_out=way_out)
