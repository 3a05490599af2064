"""A job as the API shows it: its row, why it is where it is, and what hangs on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import strawberry

from application.explain import why
from application.lineage import Origin
from domain.job_events import JobStatus
from graphql_api.context import Info, in_thread, loaders_of, reads_of
from graphql_api.paging import PageInfo, cursor_of
from graphql_api.scalars import JSON, Long
from graphql_api.types.account import Person
from graphql_api.types.compute import Provider
from graphql_api.types.desk import JobMarks
from graphql_api.types.reason import Reason, ReasonChange
from graphql_api.types.telemetry import Artifact, ArtifactVersion, Curve, Progress
from graphql_api.types.workspace import Experiment
from projections.desk_queries import JobMarks as MarksRow
from projections.job_lists import NEWEST, JobFilter, JobOrder
from projections.rows import JobRow

NO_MARKS = MarksRow()
strawberry.enum(JobStatus, description="Where a job stands.")


@strawberry.type(description="One launch of a command, with everything it was launched with.")
class Job:
    row: strawberry.Private[JobRow]
    id: strawberry.ID
    name: str
    status: JobStatus
    experiment_id: strawberry.ID
    provider_id: strawberry.ID
    owner_id: strawberry.ID
    attempt: int
    priority: int
    queued_at: datetime
    launching_at: datetime | None
    machine_at: datetime | None = strawberry.field(
        description="Since when its present attempt holds a machine and is charged."
    )
    setup_at: datetime | None
    running_at: datetime | None
    ended_at: datetime | None
    not_before: datetime | None
    unseen_since: datetime | None = strawberry.field(
        description="Since when the provider answers without it."
    )
    stalled_since: datetime | None = strawberry.field(
        description="Since when it runs without a sign of work."
    )
    expires_at: datetime | None = strawberry.field(description="When its ttl is over.")
    host: str | None
    exit_code: int | None
    signal: int | None
    blame: str | None
    reason: str | None
    message: str | None
    stop_requested_at: datetime | None
    task_id: strawberry.ID | None
    task_revision: int | None
    cloned_from: strawberry.ID | None
    resumed_from: strawberry.ID | None
    held_s: Long | None
    used_s: Long | None
    price_per_hour: float | None
    cost: float | None = strawberry.field(description="Of all attempts, in `currency`, once over.")
    currency: str | None
    position: Long = strawberry.field(description="Of the last event of this job in the log.")

    @strawberry.field(description="One sentence: why it is where it is.")
    def why(self) -> str:
        return why(self.row)

    @strawberry.field(
        description="The one dominant reason: typed, with evidence and what would help."
    )
    async def explanation(self, info: Info) -> Reason:
        actor = await info.context.actor()
        return Reason.of(await in_thread(reads_of(info).reason, actor, self.row))

    @strawberry.field(description="Each change of the dominant reason, oldest first.")
    async def why_history(self, info: Info) -> list[ReasonChange]:
        actor = await info.context.actor()
        found = await in_thread(reads_of(info).reason_history, actor, self.row)
        return [ReasonChange.of(told) for told in found]

    @strawberry.field(description="Everything frozen at queueing; secrets by name alone.")
    def spec(self) -> JSON:
        return JSON(self.row.spec)

    @strawberry.field(description="The resolved parameters of this job.")
    def parameters(self) -> JSON:
        return JSON(self.row.spec.get("parameters", {}))

    @strawberry.field(description="The job's own verdict, by name.")
    def score(self) -> JSON | None:
        return None if self.row.score is None else JSON(self.row.score)

    @strawberry.field
    async def experiment(self, info: Info) -> Experiment | None:
        row = await (await loaders_of(info)).experiments.load(self.row.experiment)
        return Experiment.of(row) if row else None

    @strawberry.field
    async def provider(self, info: Info) -> Provider | None:
        row = await (await loaders_of(info)).providers.load(self.row.provider)
        return Provider.of(row) if row else None

    @strawberry.field
    async def owner(self, info: Info) -> Person | None:
        person = await (await loaders_of(info)).people.load(self.row.owner)
        return Person.of(person) if person else None

    @strawberry.field(description="What it saved, oldest first.")
    async def artifacts(self, info: Info) -> list[Artifact]:
        actor = await info.context.actor()
        rows = await in_thread(reads_of(info).artifacts, actor, self.row.id)
        return [Artifact.of(row) for row in rows]

    @strawberry.field(description="Its metrics by name, without their points.")
    async def curves(self, info: Info) -> list[Curve]:
        actor = await info.context.actor()
        rows = await in_thread(reads_of(info).curves, actor, self.row.id)
        return [Curve.of(row) for row in rows]

    @strawberry.field(description="What people put on it.")
    async def marks(self, info: Info) -> JobMarks:
        row = await (await info.context.loaders()).marks.load(self.row.id)
        return JobMarks.of(row or NO_MARKS)

    @strawberry.field(description="Its latest report of progress.")
    async def progress(self, info: Info) -> Progress | None:
        actor = await info.context.actor()
        row = await in_thread(reads_of(info).progress, actor, self.row.id)
        return Progress.of(row) if row else None

    @classmethod
    def of(cls, row: JobRow) -> Job:
        plain: dict[str, Any] = {name: getattr(row, name) for name in _SAME}
        return cls(
            row=row,
            status=JobStatus(row.status),
            experiment_id=strawberry.ID(row.experiment),
            provider_id=strawberry.ID(row.provider),
            owner_id=strawberry.ID(row.owner),
            task_id=_id(row.task),
            task_revision=row.task_revision or None,
            cloned_from=_id(row.cloned_from),
            resumed_from=_id(row.resumed_from),
            stop_requested_at=row.stop_at,
            priority=50 if row.priority is None else row.priority,
            blame=row.blame or None,
            reason=row.reason or None,
            message=row.message or None,
            currency=row.currency or None,
            **plain,
        )


_SAME = (
    *("id", "name", "attempt", "queued_at", "launching_at", "setup_at", "running_at", "ended_at"),
    "machine_at",
    "cost",
    *("not_before", "unseen_since", "stalled_since", "expires_at", "host", "exit_code", "signal"),
    *("held_s", "used_s", "price_per_hour", "position"),
)


def _id(value: str | None) -> strawberry.ID | None:
    return strawberry.ID(value) if value else None


@strawberry.type(description="One step back: what was saved, and the job that saved it.")
class ArtifactOrigin:
    version: ArtifactVersion
    job: Job
    commit: str = strawberry.field(description="Of the job's code; empty where it has none.")

    @classmethod
    def of(cls, origin: Origin) -> ArtifactOrigin:
        git = origin.job.spec.get("git") or {}
        return cls(
            version=ArtifactVersion.of(origin.version),
            job=Job.of(origin.job),
            commit=str(git.get("commit", "")),
        )


@strawberry.type(description="A job and its place in the list.")
class JobEdge:
    cursor: str
    node: Job


@strawberry.type(description="A page of jobs, newest first.")
class JobConnection:
    edges: list[JobEdge]
    page_info: PageInfo


@strawberry.type(description="How many jobs are in a status.")
class JobCount:
    status: JobStatus
    count: int


@strawberry.input(description="Empty fields do not filter. `text` is looked for in name and id.")
class JobWhere:
    statuses: list[JobStatus] = strawberry.field(default_factory=list)
    experiment: str = ""
    owner: str = ""
    provider: str = ""
    task: str = ""
    text: str = ""

    def filter(self) -> JobFilter:
        return JobFilter(
            statuses=tuple(status.value for status in self.statuses),
            experiment=self.experiment,
            owner=self.owner,
            provider=self.provider,
            task=self.task,
            text=self.text,
        )


@strawberry.input(description="What people put on jobs. Empty fields do not filter.")
class JobMarked:
    tag: str = ""
    starred: bool = strawberry.field(default=False, description="Your favourites alone.")
    hidden: bool = strawberry.field(default=False, description="Those hidden, and no others.")

    def lay_over(self, where: JobFilter, user: str) -> JobFilter:
        return msgspec.structs.replace(
            where,
            tag=self.tag,
            starred_by=user if self.starred else "",
            hidden=self.hidden,
        )


def matches(row: JobRow, where: JobFilter) -> bool:
    """What the SQL filter decides, for one row in hand."""
    if where.statuses and row.status not in where.statuses:
        return False
    pairs = (
        (where.experiment, row.experiment),
        (where.owner, row.owner),
        (where.provider, row.provider),
        (where.task, row.task),
    )
    if any(wanted and wanted != has for wanted, has in pairs):
        return False
    text = where.text.casefold()
    return text in row.name.casefold() or text in row.id.casefold()


def edge_of(row: JobRow, order: JobOrder = NEWEST) -> JobEdge:
    return JobEdge(cursor=cursor_of(order.place(row)), node=Job.of(row))
