"""Manage compute providers and quotas."""

from __future__ import annotations

from collections.abc import Callable

import strawberry

from application.actor import Actor
from application.commands import compute as commands
from application.commands.quotas import set_quota
from application.lab import Lab
from domain.compute import Setting
from domain.errors import InvalidInput, NotFound
from graphql_api.context import Context, Info, in_thread
from graphql_api.mutations.jobs import mapping
from graphql_api.scalars import JSON, Key, Long
from graphql_api.types.compute import Provider, Quota


@strawberry.type(description="`provider` is null when it was not shown within 2 s.")
class ProviderPayload:
    id: strawberry.ID
    position: Long
    provider: Provider | None


@strawberry.type(description="The quota after the change.")
class QuotaPayload:
    position: Long
    quota: Quota


@strawberry.type
class ProviderMutations:
    @strawberry.mutation(description="The first of a team becomes its default.")
    async def add_provider(
        self,
        info: Info,
        *,
        name: str,
        kind: str,
        settings: JSON | None = None,
        default: bool = False,
        idempotency_key: Key = "",
    ) -> ProviderPayload:
        actor = await info.context.actor(idempotency_key)
        made = await in_thread(
            commands.add_provider,
            info.context.use.lab,
            actor,
            name=name,
            kind=kind,
            settings=plain_settings(settings),
            default=default,
            key=idempotency_key,
        )
        return await _payload(info.context, made, await info.context.done())

    @strawberry.mutation(description="Replace all settings.")
    async def reconfigure_provider(
        self, info: Info, id: strawberry.ID, settings: JSON, idempotency_key: Key = ""
    ) -> ProviderPayload:
        actor = await info.context.actor(idempotency_key)
        position = await in_thread(
            commands.reconfigure_provider,
            info.context.use.lab,
            actor,
            id,
            settings=plain_settings(settings),
        )
        return await _payload(info.context, id, await info.context.shown(position))

    @strawberry.mutation
    async def enable_provider(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> ProviderPayload:
        return await _change(info.context, commands.enable_provider, id, key=idempotency_key)

    @strawberry.mutation(description="No new jobs go there; those it has are still looked after.")
    async def disable_provider(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> ProviderPayload:
        return await _change(info.context, commands.disable_provider, id, key=idempotency_key)

    @strawberry.mutation(description="The team's provider for tasks that name none.")
    async def make_default_provider(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> ProviderPayload:
        return await _change(info.context, commands.make_default, id, key=idempotency_key)

    @strawberry.mutation(
        description="Jobs of a member (`person`: address or id) run there as `account`, "
        "with the key in a secret of their own."
    )
    async def map_person(
        self,
        info: Info,
        *,
        id: strawberry.ID,
        person: str,
        account: str,
        key: str,
        idempotency_key: Key = "",
    ) -> ProviderPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(
            commands.map_person, lab, actor, id, person=person, account=account, key=key
        )
        return await _payload(info.context, id, await info.context.shown(position))

    @strawberry.mutation(description="No new jobs of theirs run there; those there are go on.")
    async def unmap_person(
        self, info: Info, id: strawberry.ID, person: str, idempotency_key: Key = ""
    ) -> ProviderPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(commands.unmap_person, lab, actor, id, person=person)
        return await _payload(info.context, id, await info.context.shown(position))

    @strawberry.mutation(
        description="Of the team, or of one member; without `limitMinutes` the limit is lifted."
    )
    async def set_quota(
        self,
        info: Info,
        limit_minutes: int | None = None,
        user: str = "",
        idempotency_key: Key = "",
    ) -> QuotaPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(
            set_quota, lab, actor, limit_minutes=limit_minutes, user=user, key=idempotency_key
        )
        await info.context.shown(position)
        quota = await in_thread(info.context.reads.quota, actor)
        return QuotaPayload(position=Long(position), quota=Quota.of(quota))


def plain_settings(value: object) -> dict[str, Setting]:
    """Scalars by name. ``InvalidInput`` names the setting that is something else."""
    found: dict[str, Setting] = {}
    for name, setting in mapping("settings", value).items():
        if not isinstance(setting, str | int | float | bool | None):
            way_out = "Send a string, a number, true, false or null."
            raise InvalidInput(field=f"settings.{name}", value=setting, way_out=way_out)
        found[name] = setting
    return found


async def _change(
    context: Context, command: Callable[[Lab, Actor, str], int], id: str, *, key: str
) -> ProviderPayload:
    actor = await context.actor(key)
    position = await in_thread(command, context.use.lab, actor, id)
    return await _payload(context, id, await context.shown(position))


async def _payload(context: Context, id: str, position: int) -> ProviderPayload:
    try:
        row = await in_thread(context.reads.provider, await context.actor(), id)
    except NotFound:
        row = None
    shown = Provider.of(row) if row else None
    return ProviderPayload(id=strawberry.ID(id), position=Long(position), provider=shown)
