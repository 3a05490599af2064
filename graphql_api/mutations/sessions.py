"""Signing in and out, one's own sessions, one's own password."""

from __future__ import annotations

import strawberry

from application.commands import accounts, sessions
from application.commands.tokens import revoke_credential
from application.ports import Found
from domain.errors import NotAuthenticated
from graphql_api.context import Context, Info, in_thread
from graphql_api.mutations.accounts import DonePayload
from graphql_api.scalars import Long


@strawberry.type(description="`token` is the session's credential; keep it safe.")
class SignInPayload:
    token: str
    user: strawberry.ID

    @classmethod
    def of(cls, opened: accounts.SignedIn) -> SignInPayload:
        return cls(token=opened.secret, user=strawberry.ID(opened.user))


@strawberry.type
class SessionMutations:
    @strawberry.mutation(description="Needs no credential; tries are limited.")
    async def sign_in(self, info: Info, email: str, password: str) -> SignInPayload:
        context = info.context
        return SignInPayload.of(
            await in_thread(
                accounts.sign_in,
                context.use.lab,
                email=email,
                password=password,
                caller=context.caller,
            )
        )

    @strawberry.mutation(description="End the session or API token this request came with.")
    async def sign_out(self, info: Info) -> DonePayload:
        actor = await info.context.actor()
        found = await own_credential(info.context)
        lab = info.context.use.lab
        position = await in_thread(revoke_credential, lab, actor, found.id)
        return DonePayload(position=Long(position))

    @strawberry.mutation(description="End one of your own sessions; repeatable.")
    async def end_session(self, info: Info, id: strawberry.ID) -> DonePayload:
        actor = await info.context.actor()
        position = await in_thread(sessions.end_session, info.context.use.lab, actor, id)
        return DonePayload(position=Long(position))

    @strawberry.mutation(description="End all your sessions but the one that asks.")
    async def end_other_sessions(self, info: Info) -> DonePayload:
        actor = await info.context.actor()
        found = await own_credential(info.context)
        lab = info.context.use.lab
        await in_thread(sessions.end_sessions, lab, actor, keep=found.id)
        return DonePayload(position=Long(await in_thread(lab.log.head)))

    @strawberry.mutation(description="Ends every session; the answer is a new one to go on with.")
    async def change_password(self, info: Info, old: str, new: str) -> SignInPayload:
        context = info.context
        actor = await context.actor()
        return SignInPayload.of(
            await in_thread(
                sessions.change_password,
                context.use.lab,
                actor,
                old=old,
                new=new,
                caller=context.caller,
            )
        )


async def own_credential(context: Context) -> Found:
    """The credential the request came with. ``NotAuthenticated`` when it is over meanwhile."""
    found = await in_thread(context.use.lab.credentials.find, context.secret())
    if found is None:
        raise NotAuthenticated(why="the session is over already")
    return found
