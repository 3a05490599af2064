"""Links by mail: a new password, a confirmed address, an account where the server lets people make one.

What asks for a mail answers the same whether or not the address is known.
"""

from __future__ import annotations

import strawberry

from application.commands import links, mails
from graphql_api.context import Context, Info, in_thread
from graphql_api.mutations.accounts import DonePayload
from graphql_api.mutations.sessions import SignInPayload
from graphql_api.scalars import Long


@strawberry.type(description="That it was asked for; never whether the address is known.")
class AskedPayload:
    sends_mail: bool = strawberry.field(description="Whether this server sends mail at all.")


@strawberry.type
class LinkMutations:
    @strawberry.mutation(description="Mail a link to set a new password. Needs no credential.")
    async def request_password_reset(self, info: Info, email: str) -> AskedPayload:
        use = info.context.use
        await in_thread(mails.ask_reset, use.lab, email=email, caller=info.context.caller)
        return _asked(info.context)

    @strawberry.mutation(description="`secret`: the link's end. Ends every session; a new one.")
    async def reset_password(self, info: Info, secret: str, password: str) -> SignInPayload:
        lab, caller = info.context.use.lab, info.context.caller
        return SignInPayload.of(
            await in_thread(links.reset_password, lab, secret, password=password, caller=caller)
        )

    @strawberry.mutation(description="Mail yourself a link that confirms your address.")
    async def request_email_verification(self, info: Info) -> AskedPayload:
        actor, lab = await info.context.actor(), info.context.use.lab
        await in_thread(mails.ask_verification, lab, actor, caller=info.context.caller)
        return _asked(info.context)

    @strawberry.mutation(description="`secret`: the link's end. Needs no credential.")
    async def verify_email(self, info: Info, secret: str) -> DonePayload:
        position = await in_thread(links.verify_email, info.context.use.lab, secret)
        return DonePayload(position=Long(position))

    @strawberry.mutation(description="Mail a link that makes an account, if the server lets one.")
    async def request_account(self, info: Info, email: str) -> AskedPayload:
        use = info.context.use
        await in_thread(mails.ask_account, use.lab, email=email, caller=info.context.caller)
        return _asked(info.context)

    @strawberry.mutation(description="`secret`: the link's end. The account, signed in.")
    async def register(self, info: Info, secret: str, name: str, password: str) -> SignInPayload:
        lab, caller = info.context.use.lab, info.context.caller
        opened = await in_thread(
            links.register_by_link, lab, secret, name=name, password=password, caller=caller
        )
        await info.context.done()
        return SignInPayload.of(opened)


def _asked(context: Context) -> AskedPayload:
    return AskedPayload(sends_mail=context.use.lab.mailer.configured)
