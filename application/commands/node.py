"""What a node reports: one stretch of journal at a time, applied once.

Facts come first and are idempotent, telemetry and the new offset follow in one transaction: a crash
between the two repeats the facts, which adds nothing. The format is ``docs/node-protocol.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from application.actor import Actor
from application.commands.job_changes import change_job
from application.commands.sightings import observe_job
from application.journal import (
    ErrorReport,
    Line,
    PhaseChange,
    Points,
    ProgressReport,
    Record,
    ResultReport,
    Saved,
    read_journal,
)
from application.lab import Lab
from application.log import UniqueTaken
from domain.artifacts import ArtifactKind, ArtifactSaved, artifact_id
from domain.errors import Conflict
from domain.job_spec import FrozenFile
from domain.jobs import Job, fold
from domain.observations import Exit, Observation, Phase
from domain.telemetry import LogLine, MetricChunk, Progress, TelemetryBatch
from providers.base import Handle

PHASES = {
    "claimed": Phase.PROVISIONING,
    "setup": Phase.SETUP,
    "run": Phase.RUNNING,
    "uploading": Phase.RUNNING,
    "ended": Phase.ENDED,
}


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Journal bytes of one stream of one node, starting at ``offset``."""

    job: str
    attempt: int
    node: int
    stream: str
    offset: int
    body: bytes


class StopOrder(msgspec.Struct, frozen=True, kw_only=True):
    reason: str
    grace_s: float


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """``next`` is where the node goes on; ``in_order`` is false when ``offset`` was not ours."""

    next: int
    in_order: bool
    stop: StopOrder | None = None


def apply_journal(lab: Lab, stretch: Stretch) -> Applied:
    """Apply whole lines of a journal; repeatable. A partial last line is left for the next call."""
    expected = _offset(lab, stretch)
    lab.telemetry.heartbeat(
        job=stretch.job, attempt=stretch.attempt, node=stretch.node, at=lab.clock.now()
    )
    job = fold(lab.log.stream(stretch.job))
    stop = _stop_order(job, stretch.attempt)
    if stretch.offset != expected:
        return Applied(next=expected, in_order=False, stop=stop)
    records, length = read_journal(stretch.body)
    if not length:
        return Applied(next=expected, in_order=True, stop=stop)
    _apply_facts(lab, job, stretch, records)
    lab.reached("journal.facts")
    batch = _telemetry(stretch, records, stretch.offset + length)
    moved = lab.telemetry.apply(batch)
    lab.reached("journal.applied")
    if moved and batch.shows_work:
        lab.telemetry.active(
            job=stretch.job, attempt=stretch.attempt, node=stretch.node, at=lab.clock.now()
        )
    if not moved:
        return Applied(next=_offset(lab, stretch), in_order=False, stop=stop)
    return Applied(next=batch.next, in_order=True, stop=stop)


def _offset(lab: Lab, stretch: Stretch) -> int:
    return lab.telemetry.offset(
        job=stretch.job, attempt=stretch.attempt, node=stretch.node, stream=stretch.stream
    )


def _stop_order(job: Job, attempt: int) -> StopOrder | None:
    if job.attempt != attempt:
        return StopOrder(reason="another attempt has replaced this one", grace_s=0)
    if job.stop and not job.is_over:
        return StopOrder(reason=job.stop.reason, grace_s=job.stop.grace_s)
    return None


def _apply_facts(lab: Lab, job: Job, stretch: Stretch, records: Sequence[Record]) -> None:
    actor = Actor(by=f"node:{stretch.job}")
    apply: dict[type[Record], Callable[[Lab, Job, Stretch, Record, Actor], None]] = {
        PhaseChange: _phase,
        Saved: _saved,
        ResultReport: _result,
        ErrorReport: _error,
    }
    for record in records:
        step = apply.get(type(record))
        if step and not (isinstance(record, PhaseChange) and stretch.node != 0):
            step(lab, job, stretch, record, actor)


def _phase(lab: Lab, job: Job, stretch: Stretch, record: Record, actor: Actor) -> None:
    assert isinstance(record, PhaseChange)  # noqa: S101  # the table above says so
    phase = PHASES.get(record.phase)
    if phase is None or (phase is Phase.ENDED and _is_the_providers_to_tell(job, record)):
        return
    end = None
    if phase is Phase.ENDED:
        end = Exit(
            code=record.exit_code,
            signal=record.signal,
            phase=record.in_,
            out_of_memory=record.oom,
            reason=record.reason,
        )
    seen = Observation(
        attempt=stretch.attempt,
        phase=phase,
        at=_time(record.t),
        source="node",
        host=record.host,
        exit=end,
    )
    observe_job(lab, stretch.job, seen, actor=actor)


def _is_the_providers_to_tell(job: Job, record: PhaseChange) -> bool:
    """Whether this end is only a part of it: other nodes go on, or something outside ended the command.

    A node sees a signal; that it was a preemption, a time limit or a stop that is now done, and
    that nothing is left, its provider knows. An imported run has none.
    """
    if job.imported:
        return False
    by_signal = record.signal is not None or record.reason.startswith("stopped by SIG")
    return by_signal or job.spec.resources.num_nodes > 1


def _saved(lab: Lab, job: Job, stretch: Stretch, record: Record, actor: Actor) -> None:
    assert isinstance(record, Saved)  # noqa: S101
    if record.spooled:
        _fetch_spooled(lab, job, record)
    if lab.holdings.missing(job.team, [file.sha256 for file in record.files]):
        return  # a hash is no proof: nobody of this team ever showed these bytes
    fact = ArtifactSaved(
        originator_id=artifact_id(stretch.job, stretch.attempt, record.id),
        originator_version=1,
        at=_time(record.t),
        by=actor.by,
        team=job.team,
        experiment=job.experiment,
        job=stretch.job,
        attempt=stretch.attempt,
        kind=ArtifactKind(record.kind),
        name=record.name,
        files=tuple(FrozenFile(path=f.path, sha256=f.sha256, size=f.size) for f in record.files),
        step=-1 if record.step is None else record.step,
        metadata=record.metadata,
    )
    try:
        lab.append([fact], actor=actor)
    except (Conflict, UniqueTaken):
        return  # recorded before: the journal is repeated after a crash


def _fetch_spooled(lab: Lab, job: Job, record: Saved) -> None:
    """Bring in what the node could not upload. An imported run has no node to ask."""
    if job.imported:
        return
    for sha256 in lab.holdings.missing(job.team, [file.sha256 for file in record.files]):
        data = lab.providers.of(job.provider).spooled_blob(Handle(job.ref), sha256)
        if data is not None and lab.blobs.put(data) == sha256:
            lab.holdings.hold(job.team, sha256)


def _result(lab: Lab, job: Job, stretch: Stretch, record: Record, actor: Actor) -> None:
    assert isinstance(record, ResultReport)  # noqa: S101
    change_job(
        lab,
        stretch.job,
        lambda j: j.report_result(
            attempt=stretch.attempt,
            score=record.score,
            message=record.message,
            now=_time(record.t),
            by=actor.by,
        ),
        actor=actor,
    )


def _error(lab: Lab, job: Job, stretch: Stretch, record: Record, actor: Actor) -> None:
    assert isinstance(record, ErrorReport)  # noqa: S101
    change_job(
        lab,
        stretch.job,
        lambda j: j.report_error(
            attempt=stretch.attempt, message=record.message, now=_time(record.t), by=actor.by
        ),
        actor=actor,
    )


def _telemetry(stretch: Stretch, records: Sequence[Record], after: int) -> TelemetryBatch:
    progress = [r for r in records if isinstance(r, ProgressReport)]
    return TelemetryBatch(
        job=stretch.job,
        attempt=stretch.attempt,
        node=stretch.node,
        stream=stretch.stream,
        offset=stretch.offset,
        next=after,
        lines=tuple(
            LogLine(number=r.n, at=r.t, phase=r.p, stream=r.s, text=r.m)
            for r in records
            if isinstance(r, Line)
        ),
        chunks=tuple(
            MetricChunk(name=r.name, steps=r.s, values=r.v, times=r.t)
            for r in records
            if isinstance(r, Points)
        ),
        progress=Progress(
            at=progress[-1].t, percent=progress[-1].percent, message=progress[-1].message
        )
        if progress
        else None,
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
