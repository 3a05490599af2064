"""Write experiments and tasks."""

from __future__ import annotations

import strawberry

from application.commands import experiments, tasks
from domain.errors import NotFound
from graphql_api.context import Context, Info, in_thread
from graphql_api.scalars import Key, Long
from graphql_api.types.workspace import Experiment, FileInput, Task, frozen


@strawberry.type(description="`experiment` is null when it was not shown within 2 s.")
class ExperimentPayload:
    id: strawberry.ID
    position: Long
    experiment: Experiment | None


@strawberry.type(description="`task` is null when it was not shown within 2 s.")
class TaskPayload:
    id: strawberry.ID
    position: Long
    task: Task | None


@strawberry.type
class ExperimentMutations:
    @strawberry.mutation
    async def create_experiment(
        self, info: Info, name: str, idempotency_key: Key = ""
    ) -> ExperimentPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        made = await in_thread(
            experiments.create_experiment, lab, actor, name=name, key=idempotency_key
        )
        return await _experiment(info.context, made, await info.context.done())

    @strawberry.mutation
    async def rename_experiment(
        self, info: Info, id: strawberry.ID, name: str, idempotency_key: Key = ""
    ) -> ExperimentPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(experiments.rename_experiment, lab, actor, id, name=name)
        return await _experiment(info.context, id, await info.context.shown(position))

    @strawberry.mutation(description="Hide it; its jobs stay.")
    async def archive_experiment(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> ExperimentPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(experiments.archive_experiment, lab, actor, id)
        return await _experiment(info.context, id, await info.context.shown(position))


@strawberry.type
class TaskMutations:
    @strawberry.mutation(description="Named as its YAML says.")
    async def create_task(
        self,
        info: Info,
        experiment: str,
        yaml: str,
        files: list[FileInput] | None = None,
        idempotency_key: Key = "",
    ) -> TaskPayload:
        actor = await info.context.actor(idempotency_key)
        made = await in_thread(
            tasks.create_task,
            info.context.use.lab,
            actor,
            experiment=experiment,
            yaml=yaml,
            files=frozen(files or []),
            key=idempotency_key,
        )
        return await _task(info.context, made, await info.context.done())

    @strawberry.mutation(description="A new revision; without `files` the latest ones are kept.")
    async def revise_task(
        self,
        info: Info,
        id: strawberry.ID,
        yaml: str,
        files: list[FileInput] | None = None,
        idempotency_key: Key = "",
    ) -> TaskPayload:
        actor = await info.context.actor(idempotency_key)
        chosen = None if files is None else frozen(files)
        lab = info.context.use.lab
        position = await in_thread(tasks.revise_task, lab, actor, id, yaml=yaml, files=chosen)
        return await _task(info.context, id, await info.context.shown(position))

    @strawberry.mutation(description="Make an old revision the latest, as a new one.")
    async def restore_task(
        self, info: Info, id: strawberry.ID, revision: int, idempotency_key: Key = ""
    ) -> TaskPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(tasks.restore_task, lab, actor, id, revision=revision)
        return await _task(info.context, id, await info.context.shown(position))

    @strawberry.mutation(description="Hide it and free its name.")
    async def archive_task(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> TaskPayload:
        actor = await info.context.actor(idempotency_key)
        position = await in_thread(tasks.archive_task, info.context.use.lab, actor, id)
        return await _task(info.context, id, await info.context.shown(position))


async def _experiment(context: Context, id: str, position: int) -> ExperimentPayload:
    try:
        row = await in_thread(context.reads.experiment, await context.actor(), id)
    except NotFound:
        row = None
    shown = Experiment.of(row) if row else None
    return ExperimentPayload(id=strawberry.ID(id), position=Long(position), experiment=shown)


async def _task(context: Context, id: str, position: int) -> TaskPayload:
    try:
        row = await in_thread(context.reads.task, await context.actor(), id)
    except NotFound:
        row = None
    shown = Task.of(row) if row else None
    return TaskPayload(id=strawberry.ID(id), position=Long(position), task=shown)
