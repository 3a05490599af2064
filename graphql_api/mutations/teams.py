"""Teams, their members, and invitations to them."""

from __future__ import annotations

import strawberry

from application.actor import Actor
from application.commands import accounts, invitations, logos, members
from application.commands.mails import mail_invitation
from domain.errors import NotAuthenticated
from domain.service_accounts import is_service
from domain.teams import Role
from graphql_api.context import Context, Info, in_thread
from graphql_api.mutations.accounts import DonePayload
from graphql_api.mutations.sessions import SignInPayload
from graphql_api.scalars import Key, Long
from graphql_api.types.account import Invitation, Member, Team

INVITATION_PATH = "/invitation/"
NOT_OVER = ("QUEUED", "LAUNCHING", "RUNNING")


@strawberry.type(description="The members after the change.")
class MembersPayload:
    position: Long
    members: list[Member]


@strawberry.type(description="`team` is null when it was not shown within 2 s.")
class TeamPayload:
    id: strawberry.ID
    position: Long
    team: Team | None


@strawberry.type(description="`link` is shown this once; null when the same key is sent again.")
class InvitationPayload:
    id: strawberry.ID
    link: str | None
    position: Long
    invitation: Invitation | None


@strawberry.type
class TeamMutations:
    @strawberry.mutation(description="A new team that you own.")
    async def create_team(self, info: Info, name: str, idempotency_key: Key = "") -> TeamPayload:
        actor = await info.context.actor(idempotency_key)
        if actor.scopes or is_service(actor.user):
            raise NotAuthenticated(why="teams are made by people, not with a limited token")
        lab = info.context.use.lab
        made = await in_thread(
            accounts.found_team, lab, actor, name=name, owner=actor.user, key=idempotency_key
        )
        position = await info.context.done()
        return await _team(info.context, actor, made, position)

    @strawberry.mutation(description="Its short name stays.")
    async def rename_team(self, info: Info, name: str, idempotency_key: Key = "") -> TeamPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(members.rename_team, lab, actor, name=name, key=idempotency_key)
        await info.context.shown(position)
        return await _team(info.context, actor, actor.team, position)

    @strawberry.mutation(
        description="A PNG or JPEG of at most 128 KiB whose bytes were uploaded with POST /api/files."
    )
    async def set_team_logo(
        self, info: Info, sha256: str, idempotency_key: Key = ""
    ) -> TeamPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(
            logos.set_team_logo, lab, actor, sha256=sha256, key=idempotency_key
        )
        await info.context.shown(position)
        return await _team(info.context, actor, actor.team, position)

    @strawberry.mutation(description="Its letters are shown again; repeatable.")
    async def remove_team_logo(self, info: Info, idempotency_key: Key = "") -> TeamPayload:
        actor = await info.context.actor(idempotency_key)
        position = await in_thread(logos.remove_team_logo, info.context.use.lab, actor)
        await info.context.shown(position)
        return await _team(info.context, actor, actor.team, position)

    @strawberry.mutation(description="Make a member owner in your place; you stay as admin.")
    async def transfer_team(
        self, info: Info, user: strawberry.ID, idempotency_key: Key = ""
    ) -> MembersPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(
            members.transfer_team, lab, actor, user=user, key=idempotency_key
        )
        return await _members(info.context, position)

    @strawberry.mutation(
        description="Close it for good; `name` is typed again. Refused while a job lives."
    )
    async def archive_team(self, info: Info, name: str, idempotency_key: Key = "") -> DonePayload:
        actor = await info.context.actor(idempotency_key)
        counts = await in_thread(info.context.reads.job_counts, actor)
        position = await in_thread(
            members.archive_team,
            info.context.use.lab,
            actor,
            name=name,
            live=sum(counts.get(status, 0) for status in NOT_OVER),
            key=idempotency_key,
        )
        return DonePayload(position=Long(await info.context.shown(position)))


@strawberry.type
class MemberMutations:
    @strawberry.mutation(description="Make a registered person a member, or change their role.")
    async def add_member(
        self, info: Info, email: str, role: Role, idempotency_key: Key = ""
    ) -> MembersPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(
            members.add_member, lab, actor, email=email, role=role, key=idempotency_key
        )
        return await _members(info.context, position)

    @strawberry.mutation(description="The last owner stays owner; only owners change owners.")
    async def set_role(
        self, info: Info, user: strawberry.ID, role: Role, idempotency_key: Key = ""
    ) -> MembersPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(
            members.set_role, lab, actor, user=user, role=role, key=idempotency_key
        )
        return await _members(info.context, position)

    @strawberry.mutation(description="End a membership; your own is leaving.")
    async def remove_member(
        self, info: Info, user: strawberry.ID, idempotency_key: Key = ""
    ) -> DonePayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(
            members.remove_member, lab, actor, user=user, key=idempotency_key
        )
        return DonePayload(position=Long(await info.context.shown(position)))


@strawberry.type
class InvitationMutations:
    @strawberry.mutation(description="A link to join. With `email` only that address may take it.")
    async def invite(
        self,
        info: Info,
        role: Role,
        email: str = "",
        days: int = invitations.DAYS,
        idempotency_key: Key = "",
    ) -> InvitationPayload:
        actor = await info.context.actor(idempotency_key)
        made, secret = await in_thread(
            invitations.invite,
            info.context.use.lab,
            actor,
            role=role,
            email=email,
            days=days,
            key=idempotency_key,
        )
        await in_thread(mail_invitation, info.context.use.lab, secret)
        return await _invitation(info.context, actor, made, secret)

    @strawberry.mutation(description="A new link; the old one opens nothing any more.")
    async def resend_invitation(
        self, info: Info, id: strawberry.ID, days: int = invitations.DAYS
    ) -> InvitationPayload:
        actor = await info.context.actor()
        lab = info.context.use.lab
        secret = await in_thread(invitations.resend_invitation, lab, actor, id=id, days=days)
        await in_thread(mail_invitation, lab, secret)
        return await _invitation(info.context, actor, id, secret)

    @strawberry.mutation(description="Withdraw it; repeatable.")
    async def cancel_invitation(self, info: Info, id: strawberry.ID) -> DonePayload:
        actor = await info.context.actor()
        lab = info.context.use.lab
        position = await in_thread(invitations.cancel_invitation, lab, actor, id=id)
        return DonePayload(position=Long(await info.context.shown(position)))

    @strawberry.mutation(description="Join with the account that asks. `secret`: the link's end.")
    async def accept_invitation(self, info: Info, secret: str) -> DonePayload:
        context = info.context
        _note_try(context)
        actor = await context.actor()
        email = await in_thread(context.reads.own_email, actor.user)
        position = await in_thread(
            invitations.accept_invitation, context.use.lab, actor, secret, email=email
        )
        return DonePayload(position=Long(await context.shown(position)))

    @strawberry.mutation(description="A new account that joins at once. Needs no credential.")
    async def join_team(
        self, info: Info, secret: str, name: str, password: str, email: str = ""
    ) -> SignInPayload:
        context = info.context
        _note_try(context)
        signed_in = await in_thread(
            invitations.join_by_invitation,
            context.use.lab,
            secret,
            email=email,
            name=name,
            password=password,
            caller=context.caller,
        )
        await context.done()
        return SignInPayload.of(signed_in)


def _note_try(context: Context) -> None:
    context.shared.tries_per_client.note(context.client, context.use.lab.clock.now())


async def _team(context: Context, actor: Actor, id: str, position: int) -> TeamPayload:
    me = await in_thread(context.reads.me, actor)
    team = next((Team.of(row) for row in me.teams if row.id == id), None)
    return TeamPayload(id=strawberry.ID(id), position=Long(position), team=team)


async def _members(context: Context, position: int) -> MembersPayload:
    await context.shown(position)
    rows = await in_thread(context.reads.members, await context.actor())
    return MembersPayload(position=Long(position), members=[Member.of(m) for m in rows])


async def _invitation(context: Context, actor: Actor, id: str, secret: str) -> InvitationPayload:
    position = await context.done()
    rows = await in_thread(context.reads.invitations, actor)
    shown = next((Invitation.of(row) for row in rows if row.row.id == id), None)
    link = f"{context.use.base_url}{INVITATION_PATH}{secret}" if secret else None
    return InvitationPayload(
        id=strawberry.ID(id), link=link, position=Long(position), invitation=shown
    )
