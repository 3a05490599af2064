"""Members that are no persons, and their tokens."""

from __future__ import annotations

import strawberry

from application.commands import service_accounts, tokens
from domain.teams import Role
from graphql_api.context import Context, Info, in_thread
from graphql_api.mutations.accounts import TokenPayload
from graphql_api.scalars import Key, Long
from graphql_api.types.account import ServiceAccount


@strawberry.type(description="`account` is null when it was not shown within 2 s.")
class ServiceAccountPayload:
    id: strawberry.ID
    position: Long
    account: ServiceAccount | None


@strawberry.type
class ServiceAccountMutations:
    @strawberry.mutation(description="Without `days` it is good until it is closed.")
    async def make_service_account(
        self, info: Info, name: str, role: Role, days: int | None = None, idempotency_key: Key = ""
    ) -> ServiceAccountPayload:
        actor = await info.context.actor(idempotency_key)
        made = await in_thread(
            service_accounts.make_service_account,
            info.context.use.lab,
            actor,
            name=name,
            role=role,
            days=days,
            key=idempotency_key,
        )
        return await _payload(info.context, made)

    @strawberry.mutation(description="With all its tokens; repeatable. Its jobs go on.")
    async def close_service_account(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> ServiceAccountPayload:
        actor = await info.context.actor(idempotency_key)
        close = service_accounts.close_service_account
        await in_thread(close, info.context.use.lab, actor, id)
        return await _payload(info.context, id)

    @strawberry.mutation(description="A token of a service account, as `issueToken`.")
    async def issue_service_token(
        self,
        info: Info,
        account: strawberry.ID,
        name: str,
        scopes: list[str] | None = None,
        days: int | None = None,
        idempotency_key: Key = "",
    ) -> TokenPayload:
        actor = await info.context.actor(idempotency_key)
        made, secret = await in_thread(
            tokens.issue_service_token,
            info.context.use.lab,
            actor,
            account,
            name=name,
            scopes=scopes or (),
            days=days,
            key=idempotency_key,
        )
        position = await info.context.done()
        rows = await in_thread(info.context.reads.service_tokens, actor, account)
        return TokenPayload.of(made, secret, position, rows)


async def _payload(context: Context, id: str) -> ServiceAccountPayload:
    position = await context.done()
    rows = await in_thread(context.reads.service_accounts, await context.actor())
    shown = next((ServiceAccount.of(row) for row in rows if row.id == id), None)
    return ServiceAccountPayload(id=strawberry.ID(id), position=Long(position), account=shown)
