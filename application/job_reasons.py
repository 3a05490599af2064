"""Why a job is where it is, read: its reason with what is around it, and how that changed.

Unauthorised on purpose: ``application/queries.py`` asks whose it is. Not here: deciding
(``application/why.py``).
"""

from __future__ import annotations

from datetime import datetime

from application.log_reading import LogReading
from application.why import Around, Told, history, reason_of
from domain.job_events import JobMoved, JobQueued
from domain.reasons import Reason
from projections.queries import Queries
from projections.rows import JobRow


class JobReasons:
    """As of now, or of whatever moment ``queries`` show."""

    def __init__(self, queries: Queries, log: LogReading) -> None:
        self._queries = queries
        self._log = log

    def reason(self, job: JobRow, *, now: datetime) -> Reason:
        """The dominant one."""
        return reason_of(job, self._around(job), now=now)

    def history(self, job: JobRow) -> list[Told]:
        """Each change of it, oldest first."""
        own = [fact.event for fact in self._log.recorded([job.id], upto=self._end(job))]
        waited = {e.provider for e in own if isinstance(e, JobQueued | JobMoved) and e.provider}
        streams = [job.id, *sorted(waited)]
        return history(job.id, self._log.recorded(streams, upto=self._end(job)))

    def _end(self, job: JobRow) -> int | None:
        """Nothing that happens to a provider after a job is over concerns the job."""
        return job.position if job.ended_at else None

    def _around(self, job: JobRow) -> Around:
        row = self._queries.provider(job.provider) if job.provider else None
        if row is None:
            return Around()
        ahead = self._queries.ahead(job) if job.status == "QUEUED" else None
        return Around(
            provider=row.name,
            enabled=row.enabled,
            unreachable=(row.unreachable_reason or "no answer") if row.unreachable_since else "",
            unreachable_since=row.unreachable_since,
            ahead=ahead[0] if ahead else None,
            first=ahead[1] if ahead else "",
        )
