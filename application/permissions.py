"""One table: what each role may do in its team. Anything not here is denied.

Enforced for commands and for reads. Not here: whose team a thing belongs to; the caller of
``require`` compares that first, and answers *not found* for another team's.
"""

from __future__ import annotations

from enum import StrEnum

from application.actor import Actor
from domain.errors import NotAuthenticated, NotFound, PermissionDenied, TeamClosed, TokenLimited
from domain.teams import Role


class Action(StrEnum):
    READ = "read"
    LAUNCH = "launch jobs"
    STOP = "stop jobs"
    WRITE_TASKS = "write tasks"
    WRITE_EXPERIMENTS = "write experiments"
    MANAGE_PROVIDERS = "manage compute providers"
    MANAGE_QUOTAS = "manage quotas"
    MANAGE_MEMBERS = "manage members"
    WRITE_SECRETS = "write secrets"
    ISSUE_TOKENS = "issue API tokens"
    READ_LOG = "read the event log"
    PROVE = "prove the event log"
    MARK_JOBS = "tag and hide jobs"
    KEEP_DESK = "keep favourites and views"
    NOTIFY_SELF = "be notified"
    MANAGE_CHANNELS = "manage the team's notifications"
    LEAVE = "leave the team"
    OWN = "hand over or close the team"


_READER = frozenset({Action.READ, Action.KEEP_DESK, Action.NOTIFY_SELF, Action.LEAVE})
_MEMBER = _READER | {
    Action.LAUNCH,
    Action.STOP,
    Action.MARK_JOBS,
    Action.WRITE_TASKS,
    Action.WRITE_EXPERIMENTS,
    Action.WRITE_SECRETS,
    Action.ISSUE_TOKENS,
    Action.READ_LOG,
}
_ADMIN = frozenset(Action) - {Action.OWN}

MAY: dict[Role, frozenset[Action]] = {
    Role.OWNER: frozenset(Action),
    Role.ADMIN: _ADMIN,
    Role.MEMBER: frozenset(_MEMBER),
    Role.VIEWER: _READER | {Action.ISSUE_TOKENS},
    Role.AUDITOR: _READER | {Action.READ_LOG, Action.PROVE, Action.ISSUE_TOKENS},
}

READ_SCOPE = "read"
SCOPES: dict[str, frozenset[Action]] = {
    READ_SCOPE: frozenset({Action.READ, Action.READ_LOG, Action.PROVE})
}
"""What an API token with a scope may do, of what its owner's role allows; unknown scopes nothing."""


def allowed(actor: Actor, action: Action) -> bool:
    """Whether the role, and the token's scopes when it has any, allow ``action``."""
    if actor.role is None or action not in MAY[actor.role]:
        return False
    if actor.read_only and action not in SCOPES[READ_SCOPE]:
        return False
    return not actor.scopes or any(action in SCOPES.get(s, ()) for s in actor.scopes)


def require(actor: Actor, action: Action) -> None:
    """Nothing, or ``NotAuthenticated`` / ``PermissionDenied``."""
    if not actor.user:
        raise NotAuthenticated(why="no valid session or API token came with the request")
    if allowed(actor, action):
        return
    if actor.read_only and actor.role and action in MAY[actor.role]:
        raise TeamClosed
    if actor.scopes and actor.role and action in MAY[actor.role]:
        raise TokenLimited(scopes=", ".join(actor.scopes))
    raise PermissionDenied(action=action, role=actor.role or "none")


def require_own(actor: Actor, team: str, *, kind: str, id: str) -> None:
    """Another team's things do not exist for this actor."""
    if not team or team != actor.team:
        raise NotFound(kind=kind, id=id)
