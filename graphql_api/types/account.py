"""People, teams, tokens and secrets, as the API shows them. No credential, no secret value."""

from __future__ import annotations

from datetime import datetime

import strawberry

from application import account_reads
from application.account_ports import SessionSeen
from application.commands import invitations
from domain.teams import Role
from graphql_api.context import Info, in_thread
from projections.rows import GivenSecretRow, SecretRow, ServiceAccountRow, TeamRow

strawberry.enum(Role, description="What a member may do in a team.")


@strawberry.type(description="A member of the team.")
class Person:
    id: strawberry.ID
    email: str
    name: str

    @classmethod
    def of(cls, person: account_reads.Person) -> Person:
        return cls(id=strawberry.ID(person.id), email=person.email, name=person.name)


@strawberry.type(description="A team, with the asking person's role in it.")
class Team:
    id: strawberry.ID
    name: str
    slug: str
    role: Role
    created_at: datetime
    archived_at: datetime | None
    logo: str | None = strawberry.field(
        description="The path of its picture on this server, for its members."
    )

    @classmethod
    def of(cls, row: TeamRow) -> Team:
        return cls(
            id=strawberry.ID(row.id),
            name=row.name,
            slug=row.slug,
            role=Role(row.role),
            created_at=row.created_at,
            archived_at=row.archived_at,
            logo=account_reads.logo_path(row.id, row.logo) if row.logo else None,
        )


@strawberry.type(description="An offer to join the team; its link is shown once, when it is made.")
class Invitation:
    id: strawberry.ID
    role: Role
    email: str | None = strawberry.field(description="Null for a link that anybody may take.")
    sent_at: datetime
    expires_at: datetime
    cancelled_at: datetime | None
    accepted_at: datetime | None

    @classmethod
    def of(cls, invited: account_reads.Invited) -> Invitation:
        row = invited.row
        return cls(
            id=strawberry.ID(row.id),
            role=Role(row.role),
            email=invited.email or None,
            sent_at=row.sent_at,
            expires_at=row.expires_at,
            cancelled_at=row.cancelled_at,
            accepted_at=row.accepted_at,
        )


@strawberry.type(description="What the holder of an invitation's link is offered.")
class Offered:
    team_name: str
    role: Role
    email: str | None = strawberry.field(description="The one address it is for; null: any.")
    expires_at: datetime | None

    @classmethod
    def of(cls, offered: invitations.Offered) -> Offered:
        return cls(
            team_name=offered.team_name,
            role=offered.role,
            email=offered.email or None,
            expires_at=offered.expires_at,
        )


@strawberry.type(description="A person in a team.")
class Member:
    person: Person
    role: Role
    since: datetime

    @classmethod
    def of(cls, member: account_reads.Member) -> Member:
        return cls(person=Person.of(member.person), role=Role(member.role), since=member.since)


@strawberry.type(description="Who asks.")
class Me:
    person: Person
    team: Team | None = strawberry.field(description="The team that is asked about.")
    teams: list[Team]
    role: Role | None
    may: list[str] = strawberry.field(description="What this credential allows, in words.")

    @classmethod
    def of(cls, me: account_reads.Me) -> Me:
        return cls(
            person=Person.of(me.person),
            team=Team.of(me.team) if me.team else None,
            teams=[Team.of(team) for team in me.teams],
            role=Role(me.role) if me.role else None,
            may=list(me.may),
        )


@strawberry.type(description="One of your sessions that is open now.")
class Session:
    id: strawberry.ID
    opened_at: datetime
    used_at: datetime | None = strawberry.field(description="Right to a minute.")
    expires_at: datetime
    agent: str = strawberry.field(description="What the browser or program calls itself.")
    address: str = strawberry.field(description="The network address it was opened from.")
    current: bool = strawberry.field(description="Whether it is the one that asks.")

    @classmethod
    def of(cls, seen: SessionSeen, *, current: bool) -> Session:
        return cls(
            id=strawberry.ID(seen.id),
            opened_at=seen.opened_at,
            used_at=seen.used_at,
            expires_at=seen.expires_at,
            agent=seen.agent,
            address=seen.address,
            current=current,
        )


@strawberry.type(description="An API token. Its secret is shown once, when it is issued.")
class ApiToken:
    id: strawberry.ID
    name: str
    prefix: str
    scopes: list[str]
    issued_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None = strawberry.field(
        description="When it was last used, right to a minute; null: never, or it is revoked."
    )

    @classmethod
    def of(cls, seen: account_reads.TokenSeen) -> ApiToken:
        row = seen.row
        return cls(
            id=strawberry.ID(row.id),
            name=row.name,
            prefix=row.prefix,
            scopes=list(row.scopes),
            issued_at=row.issued_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            used_at=seen.used_at,
        )


@strawberry.type(description="Somebody's API token in the team; they may be no member any more.")
class TeamToken:
    holder: Person
    token: ApiToken

    @classmethod
    def of(cls, held: account_reads.TokenHeld) -> TeamToken:
        return cls(holder=Person.of(held.holder), token=ApiToken.of(held.seen))


@strawberry.type(description="What a token may be limited to; several add up.")
class TokenScope:
    name: str
    allows: list[str]


@strawberry.type(description="A member that is no person.")
class ServiceAccount:
    id: strawberry.ID
    name: str
    role: Role | None = strawberry.field(description="Null: it is no member any more.")
    made_at: datetime
    expires_at: datetime | None
    closed_at: datetime | None

    @strawberry.field(description="Newest first. For those who manage service accounts.")
    async def tokens(self, info: Info) -> list[ApiToken]:
        context = info.context
        rows = await in_thread(context.reads.service_tokens, await context.actor(), self.id)
        return [ApiToken.of(row) for row in rows]

    @classmethod
    def of(cls, row: ServiceAccountRow) -> ServiceAccount:
        return cls(
            id=strawberry.ID(row.id),
            name=row.name,
            role=Role(row.role) if row.role else None,
            made_at=row.made_at,
            expires_at=row.expires_at,
            closed_at=row.closed_at,
        )


@strawberry.type(description="That a secret exists. Its value is never read back.")
class Secret:
    name: str
    personal: bool
    version: int
    set_at: datetime
    public_key: str | None = strawberry.field(description="Of an SSH key that was made here.")

    @classmethod
    def of(cls, row: SecretRow) -> Secret:
        return cls(
            name=row.name,
            personal=bool(row.user_id),
            version=row.number,
            set_at=row.set_at,
            public_key=row.public_key or None,
        )


@strawberry.type(description="That the node of an attempt was handed a version of a secret.")
class SecretUse:
    personal: bool
    version: int
    job_id: strawberry.ID
    attempt: int
    at: datetime

    @classmethod
    def of(cls, row: GivenSecretRow) -> SecretUse:
        return cls(
            personal=bool(row.user_id),
            version=row.number,
            job_id=strawberry.ID(row.job),
            attempt=row.attempt,
            at=row.at,
        )
