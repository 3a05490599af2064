"""One job as a row of the jobs table."""

from __future__ import annotations

from collections.abc import Mapping

from projections.desk_queries import JobMarks
from projections.rows import JobRow
from projections.telemetry_queries import ProgressRow
from ui.answers import Names
from ui.text import accelerators, iso, money, number, short
from ui.theme.status import word

Cell = str | float | bool | None | list[str]
NOTHING = JobMarks()


def shown_status(job: JobRow) -> str:
    """The domain's status, or STOPPING while a stop is asked for and not confirmed."""
    live = job.status in ("QUEUED", "LAUNCHING", "RUNNING")
    return "STOPPING" if live and job.stop_at else job.status


def job_cells(
    job: JobRow,
    names: Names,
    progress: Mapping[str, ProgressRow],
    marks: Mapping[str, JobMarks] | None = None,
) -> dict[str, Cell]:
    """What the table shows of ``job``; the keys are the columns'."""
    status = shown_status(job)
    experiment = names.experiments.get(job.experiment, "")
    attempt = f" · attempt {job.attempt}" if job.attempt > 1 else ""
    cells: dict[str, Cell] = {
        "id": job.id,
        "href": f"/jobs/{job.id}",
        "name": job.name,
        "subtitle": f"{short(job.id)} · {experiment}{attempt}",
        "status": status,
        "status_label": word(status),
        "progress": _percent(job, progress),
        "score": score_text(job),
        "provider": names.providers.get(job.provider, ""),
        "machine": accelerators(job.spec.get("resources", {})),
        "started": iso(job.running_at) or None,
        "finished": iso(job.ended_at) or None,
        "cost": money(job.cost, job.currency or "") if job.cost else None,
        "created": iso(job.queued_at),
        "user": names.people.get(job.owner, "?"),
    }
    if marks is not None:
        own = marks.get(job.id, NOTHING)
        cells["tags"], cells["starred"] = list(own.tags), own.starred
    return cells


def score_text(job: JobRow) -> str | None:
    """The first score the code reported."""
    return next((number(value) for value in (job.score or {}).values()), None)


def _percent(job: JobRow, progress: Mapping[str, ProgressRow]) -> float | None:
    if job.status == "COMPLETE":
        return 1.0
    found = progress.get(job.id)
    return None if found is None else min(max(found.percent / 100, 0.0), 1.0)
