"""Queue, stop, run again."""

from __future__ import annotations

import strawberry

from application.commands import job_moves
from application.commands import jobs as commands
from application.permissions import Action
from domain.errors import InvalidInput, NotFound
from graphql_api.context import Info, in_thread
from graphql_api.scalars import JSON, Key, Long
from graphql_api.types.job import Job
from graphql_api.types.workspace import FileInput, frozen


@strawberry.input(description="One wish to run: a saved task (id), or task.yaml text with files.")
class Launch:
    task: str = ""
    revision: int = 0
    yaml: str = ""
    files: list[FileInput] = strawberry.field(default_factory=list)
    experiment: str = strawberry.field(default="", description="Name or id.")
    provider: str = strawberry.field(default="", description="Name or id; empty: the default.")
    parameters: JSON | None = None
    resources: JSON | None = None
    minutes_requested: int | None = None
    resume_from: str = strawberry.field(default="", description="A checkpoint's artifact id.")

    def wish(self) -> commands.Launch:
        """The command's value."""
        return commands.Launch(
            task=self.task,
            revision=self.revision,
            yaml=self.yaml,
            files=frozen(self.files),
            experiment=self.experiment,
            provider=self.provider,
            parameters=mapping("parameters", self.parameters),
            resources=mapping("resources", self.resources),
            minutes_requested=self.minutes_requested,
            resume_from=self.resume_from,
        )


@strawberry.type(description="`job` is null when the read models did not show it within 2 s.")
class JobPayload:
    id: strawberry.ID
    position: Long

    @strawberry.field
    async def job(self, info: Info) -> Job | None:
        """Read when it is asked for."""
        try:
            row = await in_thread(info.context.reads.job, await info.context.actor(), self.id)
        except NotFound:
            return None
        return Job.of(row)


@strawberry.type(description="Every job is queued, or none is.")
class JobsPayload:
    ids: list[strawberry.ID]
    position: Long


@strawberry.type
class JobMutations:
    @strawberry.mutation
    async def queue_job(self, info: Info, launch: Launch, idempotency_key: Key = "") -> JobPayload:
        actor = await info.context.actor(idempotency_key)
        lab, wish = info.context.use.lab, launch.wish()
        made = await in_thread(commands.queue, lab, actor, [wish], key=idempotency_key)
        position = await info.context.shown(made.position)
        return JobPayload(id=strawberry.ID(made.ids[0]), position=Long(position))

    @strawberry.mutation(description="At most 1,000 at a time, in one append.")
    async def queue_jobs(
        self, info: Info, launches: list[Launch], idempotency_key: Key = ""
    ) -> JobsPayload:
        actor = await info.context.actor(idempotency_key)
        wishes = [launch.wish() for launch in launches]
        lab = info.context.use.lab
        made = await in_thread(commands.queue, lab, actor, wishes, key=idempotency_key)
        position = await info.context.shown(made.position)
        return JobsPayload(ids=[strawberry.ID(id) for id in made.ids], position=Long(position))

    @strawberry.mutation(description="Ask a job to end; repeatable.")
    async def stop_job(
        self,
        info: Info,
        id: strawberry.ID,
        grace_s: float | None = None,
        idempotency_key: Key = "",
    ) -> JobPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(commands.stop_job, lab, actor, id, grace_s=grace_s)
        return JobPayload(id=id, position=Long(await info.context.shown(position)))

    @strawberry.mutation(
        description="Let a queued job wait for another provider (name or id). Only while it is QUEUED."
    )
    async def move_job(
        self, info: Info, id: strawberry.ID, provider: str, idempotency_key: Key = ""
    ) -> JobPayload:
        actor = await info.context.actor(idempotency_key)
        lab, key = info.context.use.lab, idempotency_key
        position = await in_thread(job_moves.move_job, lab, actor, id, provider=provider, key=key)
        return JobPayload(id=id, position=Long(await info.context.shown(position)))

    @strawberry.mutation(description="A new job with the same frozen spec.")
    async def rerun_job(
        self, info: Info, id: strawberry.ID, idempotency_key: Key = ""
    ) -> JobPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        made = await in_thread(commands.rerun_job, lab, actor, id, key=idempotency_key)
        return JobPayload(id=strawberry.ID(made), position=Long(await info.context.done()))

    @strawberry.mutation(description="The same, from a checkpoint; empty: the job's latest one.")
    async def resume_job(
        self,
        info: Info,
        id: strawberry.ID,
        checkpoint: str = "",
        idempotency_key: Key = "",
    ) -> JobPayload:
        actor = await info.context.actor(idempotency_key)
        await in_thread(commands.own_job, info.context.use.lab, actor, id, Action.LAUNCH)
        chosen = checkpoint
        if not chosen:
            latest = await in_thread(info.context.reads.latest_checkpoint, actor, id)
            if latest is None:
                raise NotFound(kind="checkpoint of job", id=id)
            chosen = latest.id
        made = await in_thread(
            commands.rerun_job,
            info.context.use.lab,
            actor,
            id,
            checkpoint=chosen,
            key=idempotency_key,
        )
        return JobPayload(id=strawberry.ID(made), position=Long(await info.context.done()))


def mapping(field: str, value: object) -> dict[str, object]:
    """``value`` when it is a JSON object, or nothing. ``InvalidInput`` names the field."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidInput(field=field, value=value, way_out="Send a JSON object.")
    return value
