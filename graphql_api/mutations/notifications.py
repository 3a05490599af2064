"""Add, change, test, replay, pause and remove channels."""

from __future__ import annotations

from collections.abc import Callable

import strawberry

from application.actor import Actor
from application.commands import notifications as commands
from application.lab import Lab
from domain.errors import NotFound
from domain.notifications import ChannelKind
from graphql_api.context import Context, Info, in_thread
from graphql_api.scalars import Key, Long
from graphql_api.types.notifications import Channel


@strawberry.type(description="The channel after the change; null when it is removed.")
class ChannelPayload:
    id: strawberry.ID
    position: Long
    channel: Channel | None
    secret: str = strawberry.field(
        default="",
        description="What deliveries are signed with; shown this once, when it is made.",
    )


@strawberry.type(description="How one try went.")
class TestPayload:
    ok: bool
    status: int | None = strawberry.field(description="Of the receiver's answer, if it gave one.")
    reason: str


@strawberry.type
class ChannelMutations:
    @strawberry.mutation(
        description="`address` is a URL; none for e-mail, which goes to your account's address. "
        "Needs to manage notifications when `ofTeam`."
    )
    async def add_channel(
        self,
        info: Info,
        *,
        kind: ChannelKind,
        name: str,
        topics: list[str],
        address: str = "",
        of_team: bool = False,
        only_own: bool = False,
        idempotency_key: Key = "",
    ) -> ChannelPayload:
        actor = await info.context.actor(idempotency_key)
        made, secret = await in_thread(
            commands.add_channel,
            info.context.use.lab,
            actor,
            kind=kind,
            name=name,
            address=address,
            topics=topics,
            of_team=of_team,
            only_own=only_own,
            key=idempotency_key,
        )
        return await _payload(info.context, made, await info.context.done(), secret=secret)

    @strawberry.mutation(description="What is not given stays.")
    async def change_channel(
        self,
        info: Info,
        *,
        id: strawberry.ID,
        name: str | None = None,
        address: str | None = None,
        topics: list[str] | None = None,
        only_own: bool | None = None,
        idempotency_key: Key = "",
    ) -> ChannelPayload:
        actor = await info.context.actor(idempotency_key)
        position = await in_thread(
            commands.change_channel,
            info.context.use.lab,
            actor,
            id,
            name=name,
            address=address,
            topics=topics,
            only_own=only_own,
        )
        return await _payload(info.context, id, await info.context.shown(position))

    @strawberry.mutation(description="Sign with a new key from now on; the old one is forgotten.")
    async def rotate_channel_secret(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> ChannelPayload:
        actor = await info.context.actor(idempotency_key)
        position, secret = await in_thread(
            commands.rotate_channel_secret, info.context.use.lab, actor, id, key=idempotency_key
        )
        return await _payload(info.context, id, await info.context.shown(position), secret=secret)

    @strawberry.mutation(description="Tell it nothing of what happens until it is resumed.")
    async def pause_channel(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> ChannelPayload:
        return await _change(info.context, commands.pause_channel, id, key=idempotency_key)

    @strawberry.mutation
    async def resume_channel(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> ChannelPayload:
        return await _change(info.context, commands.resume_channel, id, key=idempotency_key)

    @strawberry.mutation(description="Nothing is sent there any more, not even what waits.")
    async def remove_channel(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> ChannelPayload:
        return await _change(info.context, commands.remove_channel, id, key=idempotency_key)

    @strawberry.mutation(
        description="Tell it again of everything from a position of the log on, under the same ids."
    )
    async def replay_channel(
        self, info: Info, id: strawberry.ID, from_position: Long, idempotency_key: Key = ""
    ) -> ChannelPayload:
        actor = await info.context.actor(idempotency_key)
        position = await in_thread(
            commands.replay_channel,
            info.context.use.lab,
            actor,
            id,
            from_position=from_position,
            key=idempotency_key,
        )
        return await _payload(info.context, id, await info.context.shown(position))

    @strawberry.mutation(description="Send a test message now, once. Tries are limited.")
    async def test_channel(self, info: Info, id: strawberry.ID) -> TestPayload:
        actor = await info.context.actor()
        now = info.context.use.lab.clock.now()
        info.context.shared.tries_per_client.note(f"test of {actor.user}", now)
        answer = await in_thread(commands.try_channel, info.context.use.lab, actor, id)
        return TestPayload(ok=answer.ok, status=answer.status, reason=answer.reason)


async def _change(
    context: Context, command: Callable[[Lab, Actor, str], int], id: str, *, key: str
) -> ChannelPayload:
    actor = await context.actor(key)
    position = await in_thread(command, context.use.lab, actor, id)
    return await _payload(context, id, await context.shown(position))


async def _payload(context: Context, id: str, position: int, *, secret: str = "") -> ChannelPayload:
    try:
        row = await in_thread(context.use.channels.channel, await context.actor(), id)
    except NotFound:
        row = None
    return ChannelPayload(
        id=strawberry.ID(id),
        position=Long(position),
        channel=Channel.of(row) if row else None,
        secret=secret,
    )
