"""Every question of the schema. Each asks who asks, then one authorised read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import strawberry

from application.commands.job_moves import move_cost
from application.commands.jobs import estimate_start, launch_cost
from application.provider_trial import try_provider
from application.repository_task import read_repository_task
from application.task_yaml import read_task
from domain.errors import InvalidTask
from domain.job_events import JobStatus
from graphql_api.account_queries import AccountQueries
from graphql_api.as_of import past_field
from graphql_api.audit_queries import AuditQueries
from graphql_api.channel_queries import ChannelQueries
from graphql_api.context import Info, in_thread, reads_of
from graphql_api.desk_queries import DeskQueries
from graphql_api.hindsight_queries import HindsightQueries
from graphql_api.limits import PAGE_USUAL
from graphql_api.mutations.jobs import Launch, mapping
from graphql_api.paging import page_info, place_of, size_of
from graphql_api.registry_queries import RegistryQueries
from graphql_api.scalars import JSON, Long
from graphql_api.types.compute import (
    Budget,
    Check,
    CheckRow,
    LaunchCost,
    MoveCost,
    Offer,
    Provider,
    Quota,
    StartEstimate,
    Usage,
    UsageBy,
)
from graphql_api.types.desk import JobSort, order_of
from graphql_api.types.job import Job, JobConnection, JobCount, JobMarked, JobWhere, edge_of
from graphql_api.types.telemetry import Artifact, LogLine, MetricPoints
from graphql_api.types.workspace import (
    Experiment,
    Problem,
    RepositoryTask,
    Revision,
    Task,
    Validation,
)
from projections.rows import UsageRow
from providers.base import Check as Readiness

VERSION = "0.1.0"
LINES_AT_MOST = 2_000
START = Long(0)


@strawberry.type
class JobQueries:
    @past_field()
    async def job(self, info: Info, id: strawberry.ID) -> Job:
        actor = await info.context.actor()
        return Job.of(await in_thread(reads_of(info).job, actor, id))

    @past_field("Newest first, without hidden ones, unless asked otherwise.")
    async def jobs(
        self,
        info: Info,
        first: int = PAGE_USUAL,
        after: str | None = None,
        where: JobWhere | None = None,
        marked: JobMarked | None = None,
        sort: JobSort = JobSort.QUEUED,
        descending: bool = True,
    ) -> JobConnection:
        actor = await info.context.actor()
        order = order_of(sort, descending=descending)
        wanted, place = size_of(first), place_of(after, order)
        chosen = (marked or JobMarked()).lay_over((where or JobWhere()).filter(), actor.user)
        rows = await in_thread(
            reads_of(info).jobs, actor, chosen, after=place, limit=wanted + 1, order=order
        )
        edges = [edge_of(row, order) for row in rows[:wanted]]
        cursors = [edge.cursor for edge in edges]
        more = len(rows) > wanted
        return JobConnection(edges=edges, page_info=page_info(cursors, more=more, after=after))

    @past_field()
    async def job_counts(self, info: Info) -> list[JobCount]:
        actor = await info.context.actor()
        counts = await in_thread(reads_of(info).job_counts, actor)
        return [JobCount(status=status, count=counts.get(status, 0)) for status in JobStatus]

    @past_field("Lines above `after`; attempt 0 is the latest.")
    async def job_lines(
        self,
        info: Info,
        *,
        job: strawberry.ID,
        attempt: int = 0,
        node: int = 0,
        after: int = 0,
        limit: int = 1_000,
    ) -> list[LogLine]:
        actor = await info.context.actor()
        most = size_of(limit, field="limit", most=LINES_AT_MOST)
        rows = await in_thread(
            reads_of(info).lines,
            actor,
            job,
            attempt=attempt,
            node=node,
            after=after,
            limit=most,
        )
        return [LogLine.of(row) for row in rows]

    @past_field("Points of one metric after a cursor.")
    async def job_points(
        self, info: Info, job: strawberry.ID, name: str, after: Long = START
    ) -> MetricPoints:
        actor = await info.context.actor()
        points = await in_thread(reads_of(info).points, actor, job, name, after)
        return MetricPoints.of(name, points)

    @past_field()
    async def artifact(self, info: Info, id: strawberry.ID) -> Artifact:
        actor = await info.context.actor()
        return Artifact.of(await in_thread(reads_of(info).artifact, actor, id))


@strawberry.type
class WorkspaceQueries:
    @past_field("By name.")
    async def experiments(self, info: Info, archived: bool = False) -> list[Experiment]:
        actor = await info.context.actor()
        rows = await in_thread(reads_of(info).experiments, actor, archived=archived)
        return [Experiment.of(row) for row in rows]

    @past_field("Latest revised first.")
    async def tasks(self, info: Info, experiment: str = "", archived: bool = False) -> list[Task]:
        actor = await info.context.actor()
        rows = await in_thread(reads_of(info).tasks, actor, experiment, archived=archived)
        return [Task.of(row) for row in rows]

    @past_field()
    async def task(self, info: Info, id: strawberry.ID) -> Task:
        actor = await info.context.actor()
        return Task.of(await in_thread(reads_of(info).task, actor, id))

    @past_field("Newest first.")
    async def revisions(self, info: Info, task: strawberry.ID) -> list[Revision]:
        actor = await info.context.actor()
        rows = await in_thread(reads_of(info).revisions, actor, task)
        return [Revision.of(row) for row in rows]

    @strawberry.field(description="The task.yaml of a git repository; saves nothing.")
    async def repository_task(
        self, info: Info, url: str, ref: str = "", folder: str = ""
    ) -> RepositoryTask:
        actor = await info.context.actor()
        lab = info.context.use.lab
        found = await in_thread(read_repository_task, lab, actor, url=url, ref=ref, folder=folder)
        return RepositoryTask(yaml=found.yaml, commit=found.commit)

    @strawberry.field(description="What a task file says, without saving it.")
    async def validate_task(self, info: Info, yaml: str) -> Validation:
        await info.context.actor()
        try:
            spec = await in_thread(read_task, yaml)
        except InvalidTask as error:
            problems = [
                Problem(
                    path=p.path,
                    message=p.message,
                    suggestion=p.suggestion,
                    line=p.line,
                    column=p.column,
                )
                for p in error.problems
            ]
            return Validation(ok=False, name=None, problems=problems)
        return Validation(ok=True, name=spec.name, problems=[])


@strawberry.type
class ComputeQueries:
    @past_field("By name.")
    async def providers(self, info: Info) -> list[Provider]:
        actor = await info.context.actor()
        return [Provider.of(row) for row in await in_thread(reads_of(info).providers, actor)]

    @past_field()
    async def provider(self, info: Info, id: strawberry.ID) -> Provider:
        actor = await info.context.actor()
        return Provider.of(await in_thread(reads_of(info).provider, actor, id))

    @strawberry.field(description="Kinds of providers that can be added.")
    async def provider_kinds(self, info: Info) -> list[str]:
        actor = await info.context.actor()
        return list(await in_thread(reads_of(info).provider_kinds, actor))

    @strawberry.field(description="What the provider could give now; asks it.")
    async def offers(self, info: Info, provider: strawberry.ID) -> list[Offer]:
        actor = await info.context.actor()
        offers = await in_thread(reads_of(info).offers, actor, provider)
        return [
            Offer(
                name=offer.name,
                accelerator=offer.accelerator,
                accelerator_count=offer.accelerator_count,
                cpus=offer.cpus,
                memory_gib=offer.memory_gib,
                region=offer.region,
                price_per_hour=offer.price_per_hour,
                currency=offer.currency,
                spot=offer.spot,
                available=offer.available,
            )
            for offer in offers
        ]

    @strawberry.field(description="Whether a job could run there now; asks it.")
    async def check_provider(self, info: Info, provider: strawberry.ID) -> Check:
        actor = await info.context.actor()
        check = await in_thread(reads_of(info).check, actor, provider)
        return _check(check)

    @strawberry.field(description="The same for settings of a provider that is not added yet.")
    async def try_provider(self, info: Info, kind: str, settings: JSON) -> Check:
        actor = await info.context.actor()
        lab, given = info.context.use.lab, mapping("settings", settings)
        return _check(await in_thread(try_provider, lab, actor, kind=kind, settings=given))

    @strawberry.field(
        description="When it would start if it were queued now; asks the provider, which may refuse "
        "it in its own words. Null: the provider cannot tell."
    )
    async def start_estimate(self, info: Info, launch: Launch) -> StartEstimate | None:
        actor = await info.context.actor()
        found = await in_thread(estimate_start, info.context.use.lab, actor, launch.wish())
        return StartEstimate(start_at=found.start_at, words=found.words) if found else None

    @strawberry.field(description="What it would cost. Everything is checked, nothing is queued.")
    async def launch_cost(self, info: Info, launch: Launch) -> LaunchCost:
        actor = await info.context.actor()
        return LaunchCost.of(
            await in_thread(launch_cost, info.context.use.lab, actor, launch.wish())
        )

    @strawberry.field(
        description="What moving a queued job would hold. Everything is checked, nothing is moved."
    )
    async def move_cost(self, info: Info, id: strawberry.ID, provider: str) -> MoveCost:
        actor = await info.context.actor()
        lab = info.context.use.lab
        return MoveCost.of(await in_thread(move_cost, lab, actor, id, provider=provider))

    @past_field("In money, beside `quota` in minutes.")
    async def budget(self, info: Info) -> Budget:
        actor = await info.context.actor()
        return Budget.of(await in_thread(reads_of(info).budget, actor))

    @past_field()
    async def quota(self, info: Info) -> Quota:
        actor = await info.context.actor()
        return Quota.of(await in_thread(reads_of(info).quota, actor))

    @past_field("What jobs that ended used, most first; this month when no time is given.")
    async def usage(
        self,
        info: Info,
        by: list[UsageBy] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Usage]:
        actor = await info.context.actor()
        chosen = [one.value for one in ([UsageBy.OWNER] if by is None else by)]
        rows = await in_thread(reads_of(info).usage, actor, since=since, until=until, by=chosen)
        names = await in_thread(reads_of(info).names, actor)
        return [_usage(row, names) for row in rows]


@strawberry.type
class Query(
    JobQueries,
    WorkspaceQueries,
    ComputeQueries,
    AccountQueries,
    ChannelQueries,
    AuditQueries,
    HindsightQueries,
    DeskQueries,
    RegistryQueries,
):
    @strawberry.field(description="The server's version; the one question anybody may ask.")
    def version(self) -> str:
        return VERSION


def _check(check: Readiness) -> Check:
    rows = [CheckRow(what=what, ok=ok, detail=detail) for what, ok, detail in check.rows]
    return Check(ok=check.ok, rows=rows)


def _usage(row: UsageRow, names: Mapping[str, str]) -> Usage:
    def id(value: str | None) -> strawberry.ID | None:
        return strawberry.ID(value) if value else None

    return Usage(
        owner_id=id(row.owner),
        owner=names.get(row.owner or ""),
        provider_id=id(row.provider),
        provider=names.get(row.provider or ""),
        experiment_id=id(row.experiment),
        experiment=names.get(row.experiment or ""),
        day=row.day,
        jobs=row.jobs,
        complete=row.complete,
        failed=row.failed,
        stopped=row.stopped,
        used_s=Long(row.used_s),
        cost=row.cost,
        currency=row.currency,
    )
