"""Authorised reads of what streamed from a job: lines, curves, progress. As of a moment, what was there by then.

Streams are no events: what was pruned by age is gone from the past too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from msgspec.structs import replace

from application.actor import Actor
from application.moments import Moment
from projections.rows import JobRow
from projections.telemetry_queries import CurveRow, LineRow, Points, ProgressRow, TelemetryQueries

LINES_AT_MOST = 10_000


class TelemetryReads(ABC):
    """Every method raises what ``job`` raises before it answers."""

    def __init__(self, telemetry: TelemetryQueries, moment: Moment | None) -> None:
        self._telemetry = telemetry
        self._moment = moment

    @abstractmethod
    def job(self, actor: Actor, id: str) -> JobRow:
        """The job, when the actor may see it."""

    def lines(
        self,
        actor: Actor,
        job: str,
        *,
        attempt: int = 0,
        node: int = 0,
        after: int = 0,
        limit: int = 1_000,
    ) -> list[LineRow]:
        """Lines above number ``after``; ``attempt`` 0 is the latest."""
        row = self.job(actor, job)
        number = attempt or row.attempt
        most = min(limit, LINES_AT_MOST)
        found = self._telemetry.lines(job, attempt=number, node=node, after=after, limit=most)
        end = self._end
        return [line for line in found if end is None or line.at <= end]

    def last_line(self, actor: Actor, job: str, *, attempt: int = 0, node: int = 0) -> int:
        row = self.job(actor, job)
        return self._telemetry.last_line(job, attempt=attempt or row.attempt, node=node)

    def curves(self, actor: Actor, job: str) -> list[CurveRow]:
        """The job's metrics by name."""
        self.job(actor, job)
        curves = self._telemetry.curves(job)
        if self._end is None:
            return curves
        then = [self._curve(job, curve.name) for curve in curves]
        return [curve for curve in then if curve is not None]

    def points(self, actor: Actor, job: str, name: str, after: int = 0) -> Points:
        """Points of one metric after a cursor."""
        self.job(actor, job)
        return self._until(self._telemetry.points(job, name, after=after))

    def progress(self, actor: Actor, job: str) -> ProgressRow | None:
        """The latest report; only that is kept, so as of a moment before it there is none."""
        self.job(actor, job)
        found = self._telemetry.progress(job)
        return None if found and self._moment and found.at > self._moment.at else found

    @property
    def _end(self) -> float | None:
        return self._moment.at.timestamp() if self._moment else None

    def _until(self, points: Points) -> Points:
        end = self._end
        if end is None:
            return points
        kept = [i for i, at in enumerate(points.times) if at <= end]
        return replace(
            points,
            steps=[points.steps[i] for i in kept],
            values=[points.values[i] for i in kept],
            times=[points.times[i] for i in kept],
        )

    def _curve(self, job: str, name: str) -> CurveRow | None:
        points = self._until(self._telemetry.points(job, name))
        if not points.steps:
            return None
        last = points.steps[-1]
        return CurveRow(
            name=name, points=len(points.steps), last_step=last, last_value=points.values[-1]
        )
