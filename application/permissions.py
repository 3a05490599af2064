"""One table: what each role may do in its team, and what access rules change. The rest is denied.

Enforced for commands and for reads. Not here: whose team a thing belongs to; the caller of
``require`` compares that first, and answers *not found* for another team's.
"""

from __future__ import annotations

from enum import StrEnum

from application.actor import Actor
from domain.errors import (
    Foreign,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    RuleDenied,
    TeamClosed,
    TokenLimited,
)
from domain.rules import Verb
from domain.service_accounts import is_service
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
    MANAGE_SERVICES = "manage service accounts"
    READ_LOG = "read the event log"
    PROVE = "prove the event log"
    MARK_JOBS = "tag and hide jobs"
    KEEP_DESK = "keep favourites and views"
    NOTIFY_SELF = "be notified"
    READ_RULES = "read access rules"
    MANAGE_RULES = "manage access rules"
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
    Role.AUDITOR: _READER | {Action.READ_LOG, Action.PROVE, Action.READ_RULES, Action.ISSUE_TOKENS},
}

FOR_PEOPLE_ALONE = frozenset({Action.ISSUE_TOKENS, Action.NOTIFY_SELF, Action.OWN})
"""What no service account may do, in whichever role."""

READ_SCOPE = "read"
SCOPES: dict[str, frozenset[Action]] = {
    READ_SCOPE: frozenset({Action.READ, Action.READ_LOG, Action.PROVE, Action.READ_RULES}),
    "jobs": frozenset({Action.READ, Action.LAUNCH, Action.STOP}),
    "tasks": frozenset({Action.READ, Action.WRITE_TASKS, Action.WRITE_EXPERIMENTS}),
    "providers": frozenset({Action.READ, Action.MANAGE_PROVIDERS}),
    "secrets": frozenset({Action.READ, Action.WRITE_SECRETS}),
    "quotas": frozenset({Action.READ, Action.MANAGE_QUOTAS}),
    "members": frozenset({Action.READ, Action.MANAGE_MEMBERS}),
    "notifications": frozenset({Action.READ, Action.NOTIFY_SELF, Action.MANAGE_CHANNELS}),
}
"""What an API token with a scope may do, of what its owner's role allows; unknown scopes nothing.

No scope issues tokens or makes service accounts: nothing limited makes anything unlimited.
"""


VERB_OF: dict[Action, Verb] = {
    Action.READ: Verb.READ,
    Action.LAUNCH: Verb.RUN,
    Action.STOP: Verb.RUN,
    Action.MARK_JOBS: Verb.WRITE,
    Action.WRITE_TASKS: Verb.WRITE,
    Action.WRITE_EXPERIMENTS: Verb.WRITE,
    Action.MANAGE_PROVIDERS: Verb.MANAGE,
}
"""What an access rule must allow for an action on its resource; other actions know no rules."""


def allowed(actor: Actor, action: Action, *on: str) -> bool:
    """Whether role or access rule, and the token's scopes when it has any, allow ``action``.

    ``on``: the resource, then those that it is in; the first that a rule is about decides.
    """
    if actor.role is None or not _granted(actor, action, on):
        return False
    if action in FOR_PEOPLE_ALONE and is_service(actor.user):
        return False
    if actor.read_only and action not in SCOPES[READ_SCOPE]:
        return False
    return not actor.scopes or any(action in SCOPES.get(s, ()) for s in actor.scopes)


def require(actor: Actor, action: Action, *on: str) -> None:
    """Nothing, or ``NotAuthenticated`` / ``PermissionDenied``."""
    if not actor.user:
        raise NotAuthenticated(why="no valid session or API token came with the request")
    if allowed(actor, action, *on):
        return
    if actor.read_only and _granted(actor, action, on):
        raise TeamClosed
    if actor.scopes and _granted(actor, action, on):
        raise TokenLimited(scopes=", ".join(actor.scopes))
    if any(resource in actor.rules for resource in on):
        raise RuleDenied(action=action)
    raise PermissionDenied(action=action, role=actor.role or "none")


def require_somewhere(actor: Actor, action: Action) -> None:
    """The same, content when any rule grants it: for what is not told yet where it is to be done."""
    if not any(allowed(actor, action, resource) for resource in actor.rules):
        require(actor, action)


def require_on(actor: Actor, action: Action, *on: str, team: str, kind: str, id: str) -> None:
    """``action`` on a thing of ``team``: another team's, and what a rule hides, do not exist."""
    if not team or team != actor.team or not allowed(actor, Action.READ, *on):
        require_somewhere(actor, action)
        require_own(actor, team, kind=kind, id=id)
        raise NotFound(kind=kind, id=id)
    require(actor, action, *on)


def require_own(actor: Actor, team: str, *, kind: str, id: str) -> None:
    """Another team's things do not exist for this actor."""
    if not team:
        raise NotFound(kind=kind, id=id)
    if team != actor.team:
        raise Foreign(kind=kind, id=id)


def _granted(actor: Actor, action: Action, on: tuple[str, ...]) -> bool:
    verb = VERB_OF.get(action)
    verbs = next((actor.rules[resource] for resource in on if resource in actor.rules), None)
    if verb is None or verbs is None:
        return actor.role is not None and action in MAY[actor.role]
    return verb in verbs
