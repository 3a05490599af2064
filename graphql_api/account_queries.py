"""Questions about people, credentials and secrets; no credential and no value is ever answered."""

from __future__ import annotations

import strawberry

from application.commands.invitations import look_at_invitation
from application.permissions import SCOPES, Action
from graphql_api.as_of import past_field
from graphql_api.context import Info, in_thread, reads_of
from graphql_api.types.account import (
    ApiToken,
    Invitation,
    Me,
    Member,
    Offered,
    Secret,
    SecretUse,
    ServiceAccount,
    Session,
    TeamToken,
    TokenScope,
)
from graphql_api.types.rules import AccessRule


@strawberry.type
class AccountQueries:
    @past_field()
    async def me(self, info: Info) -> Me:
        actor = await info.context.actor()
        return Me.of(await in_thread(reads_of(info).me, actor))

    @past_field("By membership age.")
    async def members(self, info: Info) -> list[Member]:
        actor = await info.context.actor()
        return [Member.of(row) for row in await in_thread(reads_of(info).members, actor)]

    @past_field("For those who make them, and for auditors.")
    async def access_rules(self, info: Info) -> list[AccessRule]:
        actor = await info.context.actor()
        return [AccessRule.of(rule) for rule in await in_thread(reads_of(info).rules, actor)]

    @past_field("Newest first, those that are over too. For admins.")
    async def invitations(self, info: Info) -> list[Invitation]:
        actor = await info.context.actor()
        rows = await in_thread(reads_of(info).invitations, actor)
        return [Invitation.of(row) for row in rows]

    @strawberry.field(description="What the link with this end offers. Needs no credential.")
    async def invitation(self, info: Info, secret: str) -> Offered:
        use, client = info.context.use, info.context.client
        info.context.shared.tries_per_client.note(client, use.lab.clock.now())
        return Offered.of(await in_thread(look_at_invitation, use.lab, secret))

    @strawberry.field(description="Your own that are open, the last used first.")
    async def sessions(self, info: Info) -> list[Session]:
        context = info.context
        rows = await in_thread(context.reads.sessions, await context.actor())
        found = await in_thread(context.use.lab.credentials.find, context.secret())
        mine = found.id if found else ""
        return [Session.of(row, current=row.id == mine) for row in rows]

    @past_field("Your own in this team, newest first.")
    async def tokens(self, info: Info) -> list[ApiToken]:
        actor = await info.context.actor()
        return [ApiToken.of(row) for row in await in_thread(reads_of(info).tokens, actor)]

    @past_field("Everybody's that are not revoked, newest first. For admins.")
    async def team_tokens(self, info: Info) -> list[TeamToken]:
        actor = await info.context.actor()
        return [TeamToken.of(held) for held in await in_thread(reads_of(info).team_tokens, actor)]

    @strawberry.field(description="What a token may be limited to, with what each allows in words.")
    async def token_scopes(self, info: Info) -> list[TokenScope]:
        await info.context.actor()
        return [
            TokenScope(name=name, allows=[a.value for a in Action if a in allowed])
            for name, allowed in SCOPES.items()
        ]

    @past_field("Members that are no persons, by name, closed ones last.")
    async def service_accounts(self, info: Info) -> list[ServiceAccount]:
        actor = await info.context.actor()
        rows = await in_thread(reads_of(info).service_accounts, actor)
        return [ServiceAccount.of(row) for row in rows]

    @past_field("Which attempts were handed the team's or your own secret, newest first.")
    async def secret_uses(self, info: Info, name: str) -> list[SecretUse]:
        actor = await info.context.actor()
        rows = await in_thread(reads_of(info).given_secrets, actor, name)
        return [SecretUse.of(row) for row in rows]

    @past_field("The team's and your own, by name.")
    async def secrets(self, info: Info) -> list[Secret]:
        actor = await info.context.actor()
        return [Secret.of(row) for row in await in_thread(reads_of(info).secrets, actor)]
