"""What the page of one job follows: the job as it is now, its facts, its log; on a page's gateway."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from application.log_reading import LogReading
from application.sight import sees_as
from domain.model import Event
from projections.log_queries import END
from projections.telemetry_queries import LineRow
from ui.answers import JobNow, LogPart
from ui.gateway import Gateway, in_thread
from ui.views.log_lines import log_cells


class JobGateway:
    """For one open page. What all pages of a job read at once is read once for them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._reads = gateway.reads
        self._actor = gateway.actor
        self._shared = gateway.shared

    async def now(self, job: str) -> JobNow:
        """``NotFound`` for one that is not, or is another team's."""

        def ask() -> JobNow:
            row = self._reads.job(self._actor, job)
            return JobNow(
                row=row,
                reason=self._reads.reason(self._actor, row),
                facts=self._facts(job),
                progress=self._reads.progress(self._actor, job),
            )

        return await self._shared.jobs.read(self._named(job), ask)

    async def facts(self, job: str) -> list[Event]:
        """Everything recorded of a job, in order."""

        def ask() -> list[Event]:
            self._reads.job(self._actor, job)
            return self._facts(job)

        return await in_thread(ask)

    async def tail(self, job: str, *, attempt: int, node: int, tail: int) -> LogPart:
        """The last ``tail`` lines."""
        read = self._lines(job, attempt=attempt, node=node, limit=tail)

        def ask() -> LogPart:
            last = self._reads.last_line(self._actor, job, attempt=attempt, node=node)
            return read(max(0, last - tail))

        return await in_thread(ask)

    async def lines(self, job: str, *, attempt: int, node: int, after: int, limit: int) -> LogPart:
        """At most ``limit`` lines above number ``after``."""
        read = self._lines(job, attempt=attempt, node=node, limit=limit)
        named = self._named(job, attempt, node, after, limit)
        return await self._shared.lines.read(named, lambda: read(after))

    def _lines(self, job: str, *, attempt: int, node: int, limit: int) -> Callable[[int], LogPart]:
        def read(after: int) -> LogPart:
            found: list[LineRow] = self._reads.lines(
                self._actor, job, attempt=attempt, node=node, after=after, limit=limit
            )
            last = found[-1].number if found else after
            return LogPart(cells=log_cells(found), last=last, full=len(found) == limit)

        return read

    def _facts(self, job: str) -> list[Event]:
        moment = self._gateway.moment
        last = moment.position if moment else END
        return [r.event for r in LogReading(self._gateway.use.queries).recorded([job], upto=last)]

    def _named(self, *what: Hashable) -> Hashable:
        return (sees_as(self._actor), *what)
