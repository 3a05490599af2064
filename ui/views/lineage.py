"""What a step of a lineage says: an artifact, and the job that saved it. Pure."""

from __future__ import annotations

from urllib.parse import urlencode

from application.lineage import Origin, Version
from application.wording import number
from projections.rows import ArtifactRow, JobRow
from ui.text import plural, size

PARAMETERS_TOLD = 6
COMMIT = 10


def group_href(kind: str, name: str, version: int = 0) -> str:
    """The page of everything that was saved under a name."""
    asked = {"name": name} | ({"version": version} if version else {})
    return f"/artifacts/{kind}?{urlencode(asked)}"


def chosen(found: list[Version], asked: str) -> Version:
    """The version that an address names, else the newest."""
    return next((v for v in found if str(v.number) == asked), found[0])


def artifact_told(row: ArtifactRow) -> str:
    """``checkpoint, step 6,000, 1 file, 8.2 kB``"""
    step = [f"step {row.step:,}"] if row.step is not None and row.step >= 0 else []
    return ", ".join([row.kind, *step, plural(len(row.files), "file"), size(row.size)])


def job_told(job: JobRow) -> str:
    """Revision, commit and score, as far as they are known."""
    commit = str((job.spec.get("git") or {}).get("commit", ""))[:COMMIT]
    parts = [f"revision {job.task_revision}" if job.task_revision else ""]
    parts += [f"commit {commit}" if commit else ""]
    parts += [f"{name} {number(value)}" for name, value in (job.score or {}).items()]
    return ", ".join(part for part in parts if part)


def parameters_told(job: JobRow) -> str:
    """``learning_rate=0.001, epochs=3 and 2 more``"""
    given = job.spec.get("parameters") or {}
    shown = [f"{name}={value}" for name, value in list(given.items())[:PARAMETERS_TOLD]]
    more = len(given) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def sentence(origin: Origin, *, last: bool) -> str:
    """How the chain goes on behind the job."""
    if not last:
        return "It began from the checkpoint below."
    if origin.job.cloned_from:
        return "It began anew, as a copy of another job."
    return "It began anew: nothing it was resumed from is recorded."
