"""API tokens and secrets."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from application.account_reads import TokenSeen
from application.commands import tokens as commands
from application.commands.secrets import delete_secret, make_ssh_key, set_secret
from graphql_api.context import Info, in_thread
from graphql_api.scalars import Key, Long
from graphql_api.types.account import ApiToken, Secret


@strawberry.type(description="That it is done, and where in the log.")
class DonePayload:
    position: Long


@strawberry.type(
    description="`secret` is shown this once; it is empty when the same key is sent again."
)
class TokenPayload:
    id: strawberry.ID
    secret: str
    position: Long
    token: ApiToken | None

    @classmethod
    def of(cls, id: str, secret: str, position: int, rows: Sequence[TokenSeen]) -> TokenPayload:
        token = next((ApiToken.of(seen) for seen in rows if seen.row.id == id), None)
        return cls(id=strawberry.ID(id), secret=secret, position=Long(position), token=token)


@strawberry.type(description="The secret after the change; null when it is deleted.")
class SecretPayload:
    position: Long
    secret: Secret | None


@strawberry.type
class TokenMutations:
    @strawberry.mutation(
        description="Without scopes it may do all you may; `tokenScopes` lists them."
    )
    async def issue_token(
        self,
        info: Info,
        name: str,
        scopes: list[str] | None = None,
        days: int | None = None,
        idempotency_key: Key = "",
    ) -> TokenPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        made, secret = await in_thread(
            commands.issue_token,
            lab,
            actor,
            name=name,
            scopes=scopes or (),
            days=days,
            key=idempotency_key,
        )
        position = await info.context.done()
        rows = await in_thread(info.context.reads.tokens, actor)
        return TokenPayload.of(made, secret, position, rows)

    @strawberry.mutation(
        description="One of your own, or of anybody in a team whose members you manage. "
        "It works no more from now on."
    )
    async def revoke_token(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> DonePayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(commands.revoke_credential, lab, actor, id)
        return DonePayload(position=Long(await info.context.shown(position)))


@strawberry.type
class SecretMutations:
    @strawberry.mutation(description="A new version. `personal`: yours, before the team's.")
    async def set_secret(
        self,
        info: Info,
        name: str,
        value: str,
        personal: bool = False,
        idempotency_key: Key = "",
    ) -> SecretPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(
            set_secret,
            lab,
            actor,
            name=name,
            value=value,
            personal=personal,
            key=idempotency_key,
        )
        await info.context.shown(position)
        rows = await in_thread(info.context.reads.secrets, actor)
        shown = (Secret.of(r) for r in rows if r.name == name and bool(r.user_id) == personal)
        return SecretPayload(position=Long(position), secret=next(shown, None))

    @strawberry.mutation(
        description="A new SSH key pair: the private part becomes the value, the public one is shown."
    )
    async def make_ssh_key(
        self, info: Info, name: str, personal: bool = False, idempotency_key: Key = ""
    ) -> SecretPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(
            make_ssh_key, lab, actor, name=name, personal=personal, key=idempotency_key
        )
        await info.context.shown(position)
        rows = await in_thread(info.context.reads.secrets, actor)
        shown = (Secret.of(r) for r in rows if r.name == name and bool(r.user_id) == personal)
        return SecretPayload(position=Long(position), secret=next(shown, None))

    @strawberry.mutation(description="Forget the value.")
    async def delete_secret(
        self, info: Info, name: str, personal: bool = False, idempotency_key: Key = ""
    ) -> SecretPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(delete_secret, lab, actor, name=name, personal=personal)
        await info.context.shown(position)
        return SecretPayload(position=Long(position), secret=None)
