"""From a credential on a request to the actor the use cases know."""

from __future__ import annotations

from datetime import datetime

from application.actor import Actor
from application.lab import Lab
from application.log import EventLog
from application.one_look import OneLook
from application.ports import Found
from domain.errors import Foreign, NotAuthenticated
from domain.rules import rules_for
from domain.service_accounts import fold as fold_service
from domain.service_accounts import is_service
from domain.teams import fold as fold_team
from domain.users import fold as fold_user
from projections.queries import Queries


def actor_of(lab: Lab, queries: Queries, *, bearer: str, cookie: str = "", team: str = "") -> Actor:
    """Who asks, in ``team`` (an id; the token's own, else the first of theirs, when empty).

    ``NotAuthenticated`` for no or a bad credential; ``NotFound`` for a team they are not in.
    """
    secret = bearer or cookie
    if not secret:
        raise NotAuthenticated(why="no session or API token came with the request")
    found = lab.credentials.find(secret)
    if found is None or found.kind not in ("api", "session"):
        raise NotAuthenticated(why="the session or API token is unknown, expired or revoked")
    wanted = found.team or team or _first_team(queries, found.user)
    log = OneLook(lab.log)
    log.look_up(streams=[found.user, wanted] if wanted else [found.user])
    if not _good(log, found.user, now=lab.clock.now()):
        raise NotAuthenticated(why="this account is disabled, closed or has expired")
    if found.team and team and team != found.team:
        raise Foreign(kind="team", id=team)
    return _in_team(log, found, wanted)


def _first_team(queries: Queries, user: str) -> str:
    mine = queries.teams_of(user)
    return mine[0].id if mine else ""


def _good(log: EventLog, user: str, *, now: datetime) -> bool:
    if is_service(user):
        return fold_service(log.stream(user)).good(now)
    return fold_user(log.stream(user)).enabled


def _in_team(log: EventLog, found: Found, wanted: str) -> Actor:
    by = f"token:{found.id}" if found.kind == "api" else f"user:{found.user}"
    if not wanted:
        return Actor(by=by, user=found.user)
    state = fold_team(log.stream(wanted))
    role = state.roles.get(found.user)
    if role is None:
        raise Foreign(kind="team", id=wanted)
    return Actor(
        by=by, user=found.user, team=wanted, role=role, scopes=found.scopes,
        rules=rules_for(state.rules, user=found.user, role=role), read_only=state.archived,
    )  # fmt: skip
