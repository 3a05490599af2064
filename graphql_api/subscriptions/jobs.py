"""Follow jobs, lines and metrics. Each message says where to go on from after a break."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator

import msgspec
import strawberry

from domain.errors import InvalidInput
from domain.job_events import FINAL, JobStatus
from graphql_api.context import Info, in_thread
from graphql_api.feed import JobChanges
from graphql_api.once import Told
from graphql_api.scalars import Long
from graphql_api.subscriptions.waking import of_job, of_jobs, wakes
from graphql_api.types.job import Job, JobWhere, matches
from graphql_api.types.telemetry import LogLine, MetricPoints
from projections.job_lists import JobFilter

GATHER_JOBS_S = 0.15
GATHER_LINES_S = 0.1
LINES_AT_ONCE = 1_000
NAMES_AT_MOST = 100
LAST_WORDS_S = 1.0
FILTERS_AT_MOST = 64
"""Of the filters through which the same change is shown, these are kept for the next who asks."""
OVER = frozenset(status.value for status in FINAL)


@strawberry.type(description="What moved. `gone`: moved, and does not match the filter (any more).")
class JobsChange:
    position: Long
    jobs: list[Job]
    gone: list[strawberry.ID]
    told: strawberry.Private[Told | None] = None

    @classmethod
    def of(cls, changes: JobChanges, chosen: JobFilter) -> JobsChange:
        """One for all who see the same changes through the same filter."""
        known = changes.shown.get(chosen)
        if isinstance(known, JobsChange):
            return known
        fit = [row for row in changes.jobs if matches(row, chosen)]
        kept = {row.id for row in fit}
        made = cls(
            position=Long(changes.position),
            jobs=[Job.of(row) for row in fit],
            gone=[strawberry.ID(row.id) for row in changes.jobs if row.id not in kept],
            told=Told(),
        )
        if len(changes.shown) < FILTERS_AT_MOST:
            changes.shown[chosen] = made
        return made


@strawberry.type(description="New lines. Go on with this `attempt` and `after`.")
class LogChunk:
    attempt: int
    after: int
    lines: list[LogLine]
    status: JobStatus


@strawberry.type(description="New points. Go on with `cursor`.")
class MetricsChunk:
    cursor: str
    metrics: list[MetricPoints]


@strawberry.type
class JobSubscriptions:
    @strawberry.subscription(
        description="Without `after`: from now on, beginning with an empty message."
    )
    async def jobs_changed(
        self, info: Info, after: Long | None = None, where: JobWhere | None = None
    ) -> AsyncGenerator[JobsChange, None]:
        feed = info.context.shared.feed
        chosen = (where or JobWhere()).filter()
        position = after
        async for actor in wakes(info.context, of_jobs, gather_s=GATHER_JOBS_S):
            if position is None:
                position = Long(await feed.position())
                yield JobsChange(position=position, jobs=[], gone=[])
            changes = await feed.changes(actor, after=position)
            position = Long(changes.position)
            if changes.jobs:
                yield JobsChange.of(changes, chosen)

    @strawberry.subscription(
        description="Lines above `after`; attempt 0: the latest, and the next ones. Ends with the job."
    )
    async def job_log(
        self, info: Info, job: strawberry.ID, attempt: int = 0, node: int = 0, after: int = 0
    ) -> AsyncGenerator[LogChunk, None]:
        reads, number, line = info.context.reads, attempt, after
        async for actor in wakes(info.context, of_job(job, "l"), gather_s=GATHER_LINES_S):
            while True:
                row = await in_thread(reads.job, actor, job)
                over = row.status in OVER or (attempt and row.attempt > attempt)
                if over:
                    await asyncio.sleep(LAST_WORDS_S)
                if not attempt and row.attempt != number:
                    number, line = row.attempt, line if number == 0 else 0
                rows = await in_thread(
                    reads.lines,
                    actor,
                    job,
                    attempt=number,
                    node=node,
                    after=line,
                    limit=LINES_AT_ONCE,
                )
                line = rows[-1].number if rows else line
                if rows or over:
                    yield LogChunk(
                        attempt=number,
                        after=line,
                        lines=[LogLine.of(found) for found in rows],
                        status=JobStatus(row.status),
                    )
                if over and not rows:
                    return
                if not over and len(rows) < LINES_AT_ONCE:
                    break

    @strawberry.subscription(description="Points of some metrics, or of all. Ends with the job.")
    async def job_metrics(
        self,
        info: Info,
        job: strawberry.ID,
        names: list[str] | None = None,
        after: str = "",
    ) -> AsyncGenerator[MetricsChunk, None]:
        reads, cursors = info.context.reads, read_cursor(after)
        async for actor in wakes(info.context, of_job(job, "m"), gather_s=GATHER_LINES_S):
            row = await in_thread(reads.job, actor, job)
            over = row.status in OVER
            if over:
                await asyncio.sleep(LAST_WORDS_S)
            wanted = names or [c.name for c in await in_thread(reads.curves, actor, job)]
            found: list[MetricPoints] = []
            for name in wanted[:NAMES_AT_MOST]:
                points = await in_thread(reads.points, actor, job, name, cursors.get(name, 0))
                if points.steps:
                    found.append(MetricPoints.of(name, points))
                    cursors[name] = points.cursor
            if found or over:
                yield MetricsChunk(cursor=write_cursor(cursors), metrics=found)
            if over:
                return


def write_cursor(cursors: dict[str, int]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursors)).decode()


def read_cursor(text: str) -> dict[str, int]:
    """``InvalidInput`` for what is no cursor of ours."""
    if not text:
        return {}
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii"))
        return msgspec.json.decode(raw, type=dict[str, int])
    except (ValueError, msgspec.MsgspecError):
        way_out = "Send a cursor as it came, or none to begin anew."
        raise InvalidInput(field="after", value=text, way_out=way_out) from None
