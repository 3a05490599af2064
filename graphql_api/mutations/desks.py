"""Tags, favourites, kept views, notes and documents."""

from __future__ import annotations

from collections.abc import Callable

import strawberry

from application.commands import desks, experiments, job_marks
from domain.job_spec import FrozenFile
from graphql_api.context import Info, in_thread
from graphql_api.mutations.accounts import DonePayload
from graphql_api.scalars import Key, Long


async def _done(
    info: Info, do: Callable[..., int], key: str, *given: str, **named: object
) -> DonePayload:
    actor = await info.context.actor(key)
    position = await in_thread(do, info.context.use.lab, actor, *given, **named)
    return DonePayload(position=Long(await info.context.shown(position)))


@strawberry.type
class MarkMutations:
    @strawberry.mutation(description="For everybody in the team; repeatable.")
    async def tag_job(
        self, info: Info, id: strawberry.ID, label: str, idempotency_key: Key = ""
    ) -> DonePayload:
        return await _done(info, job_marks.tag_job, idempotency_key, id, label=label)

    @strawberry.mutation
    async def untag_job(
        self, info: Info, id: strawberry.ID, label: str, idempotency_key: Key = ""
    ) -> DonePayload:
        return await _done(info, job_marks.untag_job, idempotency_key, id, label=label)

    @strawberry.mutation(description="Leave it out of lists unless they ask for what is hidden.")
    async def hide_job(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> DonePayload:
        return await _done(info, job_marks.hide_job, idempotency_key, id)

    @strawberry.mutation
    async def unhide_job(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> DonePayload:
        return await _done(info, job_marks.unhide_job, idempotency_key, id)


@strawberry.type
class DeskMutations:
    @strawberry.mutation(description="Make it a favourite of yours.")
    async def star_job(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> DonePayload:
        return await _done(info, desks.star_job, idempotency_key, id)

    @strawberry.mutation
    async def unstar_job(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> DonePayload:
        return await _done(info, desks.unstar_job, idempotency_key, id)

    @strawberry.mutation(description="Keep the filters of a list; one of that name is replaced.")
    async def save_view(
        self, info: Info, page: str, name: str, query: str, idempotency_key: Key = ""
    ) -> DonePayload:
        named = {"page": page, "name": name, "query": query}
        return await _done(info, desks.save_view, idempotency_key, **named)

    @strawberry.mutation
    async def delete_view(
        self, info: Info, page: str, name: str, idempotency_key: Key = ""
    ) -> DonePayload:
        return await _done(info, desks.delete_view, idempotency_key, page=page, name=name)


@strawberry.type
class NotesMutations:
    @strawberry.mutation(description="Show it again.")
    async def restore_experiment(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> DonePayload:
        return await _done(info, experiments.restore_experiment, idempotency_key, id)

    @strawberry.mutation
    async def describe_experiment(
        self, info: Info, id: strawberry.ID, text: str, idempotency_key: Key = ""
    ) -> DonePayload:
        return await _done(info, experiments.describe_experiment, idempotency_key, id, text=text)

    @strawberry.mutation(
        description="Replace the notes. `insteadOf`: refused as CONFLICT when they are not that any more."
    )
    async def note_experiment(
        self,
        info: Info,
        id: strawberry.ID,
        text: str,
        instead_of: str | None = None,
        idempotency_key: Key = "",
    ) -> DonePayload:
        return await _done(
            info,
            experiments.note_experiment,
            idempotency_key,
            id,
            text=text,
            instead_of=instead_of,
        )

    @strawberry.mutation(description="By which score its jobs are compared; empty: by none.")
    async def choose_score(
        self,
        info: Info,
        id: strawberry.ID,
        name: str,
        lower_is_better: bool = False,
        idempotency_key: Key = "",
    ) -> DonePayload:
        return await _done(
            info,
            experiments.choose_score,
            idempotency_key,
            id,
            name=name,
            lower_is_better=lower_is_better,
        )

    @strawberry.mutation(description="A file that was uploaded with POST /api/files before.")
    async def attach_document(
        self,
        info: Info,
        id: strawberry.ID,
        path: str,
        sha256: str,
        size: Long,
        idempotency_key: Key = "",
    ) -> DonePayload:
        file = FrozenFile(path=path, sha256=sha256, size=size)
        return await _done(info, experiments.attach_document, idempotency_key, id, file=file)

    @strawberry.mutation
    async def remove_document(
        self, info: Info, id: strawberry.ID, path: str, idempotency_key: Key = ""
    ) -> DonePayload:
        return await _done(info, experiments.remove_document, idempotency_key, id, path=path)
