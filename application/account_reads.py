"""Authorised reads of people, teams, credentials and secrets: a part of ``application/queries.py``.

Names and addresses are opened here and nowhere else. Not here: the credentials themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from application.account_ports import SessionSeen
from application.actor import Actor
from application.lab import Lab
from application.log_reading import LogReading
from application.moments import Moment, PresentOnly
from application.permissions import Action, allowed, require
from domain.errors import NotAuthenticated, NotFound
from domain.model import Event
from domain.rules import Verb, settled
from domain.service_accounts import is_service
from domain.teams import fold as fold_team
from projections.queries import Queries
from projections.rows import (
    GivenSecretRow,
    InvitationRow,
    MemberRow,
    SecretRow,
    ServiceAccountRow,
    TeamRow,
    TokenRow,
)


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Opened names of one user; ``[erased]`` once the person was erased."""

    id: str
    email: str
    name: str


class Member(msgspec.Struct, frozen=True, kw_only=True):
    person: Person
    role: str
    since: datetime


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """``email`` is empty for a link, ``[erased]`` once it was erased."""

    row: InvitationRow
    email: str


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks; ``team`` is ``None`` for somebody in no team yet."""

    person: Person
    teams: tuple[TeamRow, ...]
    team: TeamRow | None
    role: str
    may: tuple[str, ...]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Without verbs it denies everything."""

    resource: str
    subject: str
    verbs: tuple[Verb, ...]


class TokenSeen(msgspec.Struct, frozen=True, kw_only=True):
    """``used_at`` is right to a minute; ``None`` for one that was never used or is revoked."""

    row: TokenRow
    used_at: datetime | None


class TokenHeld(msgspec.Struct, frozen=True, kw_only=True):
    """Whose it is, who may be no member any more."""

    holder: Person
    seen: TokenSeen


def logo_path(team: str, sha256: str) -> str:
    """Where a team's picture is; another picture is another address."""
    return f"/api/teams/{team}/logo?v={sha256[:12]}"


class AccountReads:
    """Every method raises ``NotAuthenticated`` or ``PermissionDenied`` before it answers."""

    def __init__(self, lab: Lab, queries: Queries, moment: Moment | None) -> None:
        self._lab = lab
        self._queries = queries if moment is None else queries.at(moment.position)
        self._log = LogReading(self._queries)
        self.moment = moment

    def _facts(self, stream: str) -> list[Event]:
        return [recorded.event for recorded in self._log.recorded([stream])]

    def _now_only(self, what: str) -> None:
        if self.moment:
            raise PresentOnly(what=what)

    def members(self, actor: Actor) -> list[Member]:
        """By membership age, names opened."""
        require(actor, Action.READ)
        return [self._member(row) for row in self._queries.members(actor.team)]

    def rules(self, actor: Actor) -> list[Rule]:
        """The team's access rules, by resource and subject; for those who make them and auditors."""
        require(actor, Action.READ_RULES)
        rules = fold_team(self._facts(actor.team)).rules
        return [
            Rule(resource=resource, subject=subject, verbs=settled(verbs))
            for (resource, subject), verbs in sorted(rules.items())
        ]

    def invitations(self, actor: Actor) -> list[Invited]:
        """The team's, newest first, addresses opened; those that are over too."""
        require(actor, Action.MANAGE_MEMBERS)
        rows = self._queries.invitations(actor.team)
        return [Invited(row=row, email=self._address(row)) for row in rows]

    def own_email(self, user: str) -> str:
        """The address of an account, opened; of no team."""
        row = self._queries.user(user)
        if row is None:
            raise NotFound(kind="account", id=user)
        return self._lab.vault.open(user, row.email_sealed)

    def persons(self, actor: Actor) -> dict[str, tuple[str, ...]]:
        """The words by which each member is known, by id: address and name; a program's name."""
        found = {m.person.id: (m.person.email, m.person.name) for m in self.members(actor)}
        services = self._queries.service_accounts(actor.team)
        return {**found, **{row.id: (row.name,) for row in services}}

    def people(self, actor: Actor, users: Sequence[str]) -> dict[str, Person]:
        """Those of ``users`` who are members of the actor's team."""
        wanted = set(users)
        found = {m.person.id: m.person for m in self.members(actor) if m.person.id in wanted}
        if any(is_service(user) for user in wanted):
            services = self._queries.service_accounts(actor.team)
            found |= {s.id: _program(s) for s in services if s.id in wanted}
        return found

    def me(self, actor: Actor) -> Me:
        """Needs a credential and no team."""
        if not actor.user:
            raise NotAuthenticated(why="no valid session or API token came with the request")
        teams = tuple(self._queries.teams_of(actor.user))
        return Me(
            person=self._asker(actor),
            teams=teams,
            team=next((team for team in teams if team.id == actor.team), None),
            role=actor.role or "",
            may=tuple(action.value for action in Action if allowed(actor, action)),
        )

    def sessions(self, actor: Actor) -> Sequence[SessionSeen]:
        """The actor's own that are open, of no team, the last used first."""
        if not actor.user:
            raise NotAuthenticated(why="no valid session or API token came with the request")
        self._now_only("Open sessions")
        return self._lab.credentials.sessions(actor.user)

    def tokens(self, actor: Actor) -> list[TokenSeen]:
        """The actor's own in this team, newest first, revoked ones too."""
        require(actor, Action.READ)
        return self._tokens(actor.user, actor.team)

    def service_accounts(self, actor: Actor) -> list[ServiceAccountRow]:
        """By name, closed ones last."""
        require(actor, Action.READ)
        return self._queries.service_accounts(actor.team)

    def service_tokens(self, actor: Actor, account: str) -> list[TokenSeen]:
        """Of a service account, newest first; for those who manage them."""
        require(actor, Action.MANAGE_SERVICES)
        return self._tokens(account, actor.team) if is_service(account) else []

    def team_tokens(self, actor: Actor) -> list[TokenHeld]:
        """Everybody's in the team that are not revoked, newest first; for those who manage members."""
        require(actor, Action.MANAGE_MEMBERS)
        rows = self._queries.tokens_of_team(actor.team)
        services = self._queries.service_accounts(actor.team)
        users = self._queries.users([row.user_id for row in rows])
        holders = {s.id: _program(s) for s in services}
        holders |= {u.id: self._person(u.id, u.email_sealed, u.name_sealed) for u in users}
        return [
            TokenHeld(holder=holders[seen.row.user_id], seen=seen)
            for seen in self._seen(rows)
            if seen.row.user_id in holders
        ]

    def _tokens(self, user: str, team: str) -> list[TokenSeen]:
        return self._seen(self._queries.tokens(user, team))

    def _seen(self, rows: Sequence[TokenRow]) -> list[TokenSeen]:
        ids = [] if self.moment else [row.id for row in rows]  # it is kept for now alone
        used = self._lab.credentials.last_used(ids)
        return [TokenSeen(row=row, used_at=used.get(row.id)) for row in rows]

    def secrets(self, actor: Actor) -> list[SecretRow]:
        """Names of the team's and the actor's own secrets; values are never read back."""
        require(actor, Action.READ)
        return self._queries.secrets(actor.team, actor.user)

    def _asker(self, actor: Actor) -> Person:
        if is_service(actor.user):
            services = self._queries.service_accounts(actor.team)
            return next(_program(s) for s in services if s.id == actor.user)
        row = self._queries.user(actor.user)
        if row is None:
            raise NotFound(kind="account", id=actor.user)
        return self._person(row.id, row.email_sealed, row.name_sealed)

    def given_secrets(self, actor: Actor, name: str) -> list[GivenSecretRow]:
        """Which attempts were handed the team's or the actor's own secret, newest first."""
        require(actor, Action.READ_LOG)
        return self._queries.given_secrets(actor.team, actor.user, name)

    def _address(self, row: InvitationRow) -> str:
        return self._lab.vault.open(row.id, row.email_sealed) if row.email_sealed else ""

    def _member(self, row: MemberRow) -> Member:
        person = self._person(row.user_id, row.email_sealed, row.name_sealed)
        return Member(person=person, role=row.role, since=row.since)

    def _person(self, user: str, email: str, name: str) -> Person:
        vault = self._lab.vault
        return Person(id=user, email=vault.open(user, email), name=vault.open(user, name))


def _program(row: ServiceAccountRow) -> Person:
    return Person(id=row.id, email="", name=row.name)
