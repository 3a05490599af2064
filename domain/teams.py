"""Team: the shared workspace, its members and their roles. The invariant kept: never without an owner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from domain.errors import InvalidInput, NotFound
from domain.model import Envelope, Event, Guard, GuardKind
from domain.rules import RULED, UNRULED, Rules, Verb, settled
from domain.service_accounts import is_service


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"
    AUDITOR = "auditor"


class TeamCreated(Event, frozen=True, kw_only=True, tag="team.created.v1"):
    name: str
    slug: str


class TeamRenamed(Event, frozen=True, kw_only=True, tag="team.renamed.v1"):
    name: str


class MemberAdded(Event, frozen=True, kw_only=True, tag="team.member_added.v1"):
    user: str
    role: Role


class MemberRoleSet(Event, frozen=True, kw_only=True, tag="team.member_role_set.v1"):
    user: str
    role: Role


class MemberRemoved(Event, frozen=True, kw_only=True, tag="team.member_removed.v1"):
    user: str


class TeamArchived(Event, frozen=True, kw_only=True, tag="team.archived.v1"):
    """Closed for good: readable with its whole log, and nothing else."""


class TeamLogoSet(Event, frozen=True, kw_only=True, tag="team.logo_set.v1"):
    """``sha256`` names the bytes of a small picture."""

    sha256: str
    media_type: str


class TeamLogoRemoved(Event, frozen=True, kw_only=True, tag="team.logo_removed.v1"):
    pass


class AccessRuleSet(Event, frozen=True, kw_only=True, tag="team.rule_set.v1"):
    """``subject`` may do ``verbs`` with ``resource`` and nothing else, whatever their role says."""

    resource: str
    subject: str
    verbs: tuple[Verb, ...] = ()


class AccessRuleRemoved(Event, frozen=True, kw_only=True, tag="team.rule_removed.v1"):
    resource: str
    subject: str


TeamEvent: TypeAlias = (
    TeamCreated
    | TeamRenamed
    | MemberAdded
    | MemberRoleSet
    | MemberRemoved
    | TeamArchived
    | AccessRuleSet
    | AccessRuleRemoved
    | TeamLogoSet
    | TeamLogoRemoved
)
EVENTS: tuple[type[Event], ...] = get_args(TeamEvent)


class Team(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    version: int = 0
    name: str = ""
    roles: Mapping[str, Role] = {}
    archived: bool = False
    rules: Rules = {}
    logo: str = ""
    logo_type: str = ""

    def evolve(self, event: Event) -> Team:
        s = replace(self, id=event.originator_id, version=event.originator_version)
        match event:
            case TeamCreated() | TeamRenamed():
                return replace(s, name=event.name)
            case MemberAdded() | MemberRoleSet():
                return replace(s, roles={**s.roles, event.user: event.role})
            case MemberRemoved():
                roles = {u: r for u, r in s.roles.items() if u != event.user}
                kept = {key: verbs for key, verbs in s.rules.items() if key[1] != event.user}
                return replace(s, roles=roles, rules=kept)
            case AccessRuleSet() | AccessRuleRemoved():
                return replace(s, rules=_ruled(s.rules, event))
            case TeamArchived():
                return replace(s, archived=True)
        return _pictured(s, event)

    def add_member(self, user: str, role: Role, *, now: datetime, by: str) -> list[TeamEvent]:
        """Make ``user`` a member; a member of another role gets this one."""
        if user in self.roles:
            return self.set_role(user, role, now=now, by=by)
        _only_people_own(user, role)
        return [MemberAdded(user=user, role=role, **self._next(now, by))]

    def set_role(self, user: str, role: Role, *, now: datetime, by: str) -> list[TeamEvent]:
        """Give a member another role. The last owner stays owner."""
        self._must_hold(user)
        if self.roles[user] is role:
            return []
        _only_people_own(user, role)
        if role is not Role.OWNER:
            self._keep_an_owner(without=user)
        return [MemberRoleSet(user=user, role=role, **self._next(now, by))]

    def remove_member(self, user: str, *, now: datetime, by: str) -> list[TeamEvent]:
        """End a membership; the last owner cannot leave."""
        if user not in self.roles:
            return []
        self._keep_an_owner(without=user)
        return [MemberRemoved(user=user, **self._next(now, by))]

    def transfer(self, user: str, *, owner: str, now: datetime, by: str) -> list[TeamEvent]:
        """Make member ``user`` an owner and ``owner`` an admin, both or neither."""
        raised = self.set_role(user, Role.OWNER, now=now, by=by)
        team = self
        for event in raised:
            team = team.evolve(event)
        return (
            raised if user == owner else raised + team.set_role(owner, Role.ADMIN, now=now, by=by)
        )

    def archive(self, *, now: datetime, by: str) -> list[TeamEvent]:
        """Close it for good. What is closed stays so."""
        return [] if self.archived else [TeamArchived(**self._next(now, by))]

    def set_rule(
        self, resource: str, subject: str, verbs: Iterable[Verb], *, now: datetime, by: str
    ) -> list[TeamEvent]:
        """Let ``subject`` (everyone, a role, a member) do ``verbs`` with ``resource``, and no more."""
        if subject not in RULED:
            self._must_hold(subject)
            if self.roles[subject] in UNRULED:
                way_out = "Owners and admins are subject to no rules; change their role first."
                raise InvalidInput(field="subject", value=subject, way_out=way_out)
        wanted = settled(verbs)
        if self.rules.get((resource, subject)) == frozenset(wanted):
            return []
        return [
            AccessRuleSet(resource=resource, subject=subject, verbs=wanted, **self._next(now, by))
        ]

    def remove_rule(
        self, resource: str, subject: str, *, now: datetime, by: str
    ) -> list[TeamEvent]:
        """Let the role decide again. What is removed stays so."""
        if (resource, subject) not in self.rules:
            return []
        return [AccessRuleRemoved(resource=resource, subject=subject, **self._next(now, by))]

    def rename(self, name: str, *, now: datetime, by: str) -> list[TeamEvent]:
        return [] if name == self.name else [TeamRenamed(name=name, **self._next(now, by))]

    def set_logo(self, sha256: str, media_type: str, *, now: datetime, by: str) -> list[TeamEvent]:
        """The same again adds nothing."""
        if sha256 == self.logo:
            return []
        return [TeamLogoSet(sha256=sha256, media_type=media_type, **self._next(now, by))]

    def remove_logo(self, *, now: datetime, by: str) -> list[TeamEvent]:
        return [TeamLogoRemoved(**self._next(now, by))] if self.logo else []

    def _must_hold(self, user: str) -> None:
        if user not in self.roles:
            raise NotFound(kind="member", id=user)

    def _keep_an_owner(self, *, without: str) -> None:
        if not any(r is Role.OWNER for u, r in self.roles.items() if u != without):
            way_out = "Make another member owner first; a team is never without one."
            raise InvalidInput(field="role", value=without, way_out=way_out)

    def _next(self, now: datetime, by: str) -> Envelope:
        return {
            "originator_id": self.id,
            "originator_version": self.version + 1,
            "at": now,
            "by": by,
        }


def create_team(
    id: str, *, name: str, slug: str, owner: str, now: datetime, by: str
) -> list[TeamEvent]:
    """A new team with its first owner."""
    made = TeamCreated(name=name, slug=slug, originator_id=id, originator_version=1, at=now, by=by)
    return [made, *Team().evolve(made).add_member(owner, Role.OWNER, now=now, by=by)]


def _pictured(team: Team, event: Event) -> Team:
    match event:
        case TeamLogoSet():
            return replace(team, logo=event.sha256, logo_type=event.media_type)
        case TeamLogoRemoved():
            return replace(team, logo="", logo_type="")
    return team


def _ruled(rules: Rules, event: AccessRuleSet | AccessRuleRemoved) -> Rules:
    key = (event.resource, event.subject)
    if isinstance(event, AccessRuleSet):
        return {**rules, key: frozenset(event.verbs)}
    return {other: verbs for other, verbs in rules.items() if other != key}


def _only_people_own(user: str, role: Role) -> None:
    if role is Role.OWNER and is_service(user):
        way_out = "A service account owns no team; admin is the most it can be."
        raise InvalidInput(field="role", value=role, way_out=way_out)


def fold(events: Iterable[Event]) -> Team:
    team = Team()
    for event in events:
        team = team.evolve(event)
    return team


def unique_slug(slug: str, team: str) -> Guard:
    """The guard that keeps one team per short name."""
    return Guard(GuardKind.UNIQUE, f"team:{slug}", 1, ref=team)
