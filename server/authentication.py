"""From a credential on a request to the actor the use cases know."""

from __future__ import annotations

from application.actor import Actor
from application.lab import Lab
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
    if not _good(lab, found.user):
        raise NotAuthenticated(why="this account is disabled, closed or has expired")
    return _in_team(lab, queries, found, team)


def _good(lab: Lab, user: str) -> bool:
    if is_service(user):
        return fold_service(lab.log.stream(user)).good(lab.clock.now())
    return fold_user(lab.log.stream(user)).enabled


def _in_team(lab: Lab, queries: Queries, found: Found, team: str) -> Actor:
    by = f"token:{found.id}" if found.kind == "api" else f"user:{found.user}"
    if found.team and team and team != found.team:
        raise Foreign(kind="team", id=team)
    wanted = found.team or team
    if not wanted:
        mine = queries.teams_of(found.user)
        if not mine:
            return Actor(by=by, user=found.user)
        wanted = mine[0].id
    state = fold_team(lab.log.stream(wanted))
    role = state.roles.get(found.user)
    if role is None:
        raise Foreign(kind="team", id=wanted)
    return Actor(
        by=by, user=found.user, team=wanted, role=role, scopes=found.scopes,
        rules=rules_for(state.rules, user=found.user, role=role), read_only=state.archived,
    )  # fmt: skip
