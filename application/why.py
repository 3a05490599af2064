"""The one dominant reason of a job, from its row and its provider's; and how it changed, from the log.

Pure: the same rows give the same reason, now and as of any moment. Not here: reading rows, and the
short sentence of lists (``application/explain.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from application.explain import why
from application.why_help import HELP, help_after, help_of_wait
from domain.compute import Provider, ProviderUnreachable
from domain.model import Event, Recorded
from domain.reasons import EXPIRE, Reason, ReasonCode, reason_of_wait
from projections.jobs import fold_jobs
from projections.rows import JobRow
from projections.sink import merge


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What is true beside the job. ``ahead`` jobs of its provider's queue go before it, ``first`` first."""

    provider: str = ""
    enabled: bool = True
    unreachable: str = ""
    unreachable_since: datetime | None = None
    ahead: int | None = None
    first: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A reason, and the event that made it the dominant one."""

    position: int
    at: datetime
    event: str
    reason: Reason


def reason_of(job: JobRow, around: Around, *, now: datetime) -> Reason:
    """Exactly one."""
    if job.stop_at and job.status in ("QUEUED", "LAUNCHING", "RUNNING"):
        shown = _shown(by=job.stop_by, reason=job.stop_reason, grace_s=job.stop_grace_s)
        return _made(ReasonCode.STOPPING, why(job), job.stop_at, shown)
    return _OF_STATUS[job.status](job, around, now)


def history(job: str, facts: Sequence[Recorded]) -> list[Told]:
    """Each change of the dominant reason, oldest first. ``facts`` are the job's and its providers', in order."""
    told: list[Told] = []
    own: list[Recorded] = []
    row: JobRow | None = None
    providers: dict[str, Provider] = {}
    arounds: dict[str, Around] = {}
    for fact in facts:
        stream = fact.event.originator_id
        if stream == job:
            own.append(fact)
            row = row_of(job, own)
        else:
            provider = providers.get(stream, Provider()).evolve(fact.event)
            providers[stream] = provider
            arounds[stream] = _moved(arounds.get(stream, Around()), provider, fact.event)
        if row is not None:
            around = arounds.get(row.provider, Around())
            _tell(told, fact, reason_of(row, around, now=fact.event.at))
    return told


def _tell(told: list[Told], fact: Recorded, reason: Reason) -> None:
    before = told[-1].reason if told else None
    if before is None or (reason.code, reason.text) != (before.code, before.text):
        name = str(type(fact.event).__struct_config__.tag)
        told.append(Told(position=fact.position, at=fact.event.at, event=name, reason=reason))


def _moved(around: Around, provider: Provider, event: Event) -> Around:
    since = event.at if isinstance(event, ProviderUnreachable) else around.unreachable_since
    return Around(
        provider=provider.name,
        enabled=provider.enabled,
        unreachable=provider.unreachable,
        unreachable_since=since if provider.unreachable else None,
    )


def row_of(job: str, facts: Iterable[Recorded]) -> JobRow | None:
    """The job's row after ``facts``, by the read model's own function."""
    patches = [(f.position, patch) for f in facts for patch in fold_jobs(f.event, f.position)]
    row = merge(patches).get(("jobs", job))
    if row is None or "team" not in row.set:
        return None
    return JobRow(id=job, position=row.position, **row.set)  # type: ignore[arg-type]  # its columns


def _queued(job: JobRow, around: Around, now: datetime) -> Reason:
    recorded = job.wait_code or ""
    kind = reason_of_wait(recorded) if recorded and recorded not in EXPIRE else None
    if kind is ReasonCode.IMPOSSIBLE:
        return _waits(job, kind)
    blocked = _blocked(around)
    if blocked:
        return blocked
    if kind in (ReasonCode.OWNER_AWAY, ReasonCode.ACCOUNT):
        return _waits(job, kind)
    if job.not_before and job.not_before > now:
        return _retrying(job)
    if kind is not None:
        return _in_queue(_waits(job, kind), around)
    text = "Nobody has looked at it yet; the worker does so within a second."
    return _in_queue(_made(ReasonCode.UNLOOKED, text, job.queued_at, {}), around)


def _blocked(around: Around) -> Reason | None:
    """What keeps all jobs of the provider waiting."""
    named = _shown(provider=around.provider)
    if not around.enabled:
        text = f"Provider {around.provider} is disabled."
        return _made(ReasonCode.PROVIDER_DISABLED, text, None, named)
    if around.unreachable:
        text = f"Provider {around.provider} cannot be reached: {around.unreachable}"
        shown = {**named, "answer": around.unreachable}
        return _made(ReasonCode.PROVIDER_UNREACHABLE, text, around.unreachable_since, shown)
    return None


def _waits(job: JobRow, kind: ReasonCode) -> Reason:
    """As it was recorded, with what the adapter knows would help, else what helps in general."""
    helps = tuple(job.wait_help or ()) or help_of_wait(kind, job.wait_code or "")
    shown = dict(job.wait_evidence or {})
    return Reason(
        code=kind, text=job.wait_text or "", since=job.wait_since, evidence=shown, help=helps
    )


def _retrying(job: JobRow) -> Reason:
    assert job.not_before is not None  # noqa: S101  # asked of one that waits for it
    text = f"Attempt {job.attempt} failed: {job.reason} The next begins at {job.not_before:%H:%M:%S} UTC."
    shown = _shown(attempt=job.attempt, blame=job.blame, next_at=job.not_before.isoformat())
    return _made(ReasonCode.RETRYING, text, job.wait_since, shown | _end(job))


def _in_queue(reason: Reason, around: Around) -> Reason:
    """With how many go before it, where that is known."""
    if around.ahead is None:
        return reason
    ahead = _shown(ahead=around.ahead, first=around.first)
    return replace(reason, evidence={**reason.evidence, **ahead})


def _launching(job: JobRow, around: Around, now: datetime) -> Reason:
    del now
    shown = _shown(attempt=job.attempt, ref=job.ref, host=job.host)
    if job.setup_at:
        return _made(ReasonCode.SETUP, why(job), job.setup_at, shown)
    blocked = _blocked(around)
    if blocked and blocked.code is ReasonCode.PROVIDER_UNREACHABLE:
        return blocked
    if job.wait_code:
        return _waits(job, ReasonCode.PROVIDER_QUEUE)
    code = ReasonCode.STARTING if job.ref else ReasonCode.SUBMITTING
    return _made(code, why(job), job.launching_at, shown)


def _running(job: JobRow, around: Around, now: datetime) -> Reason:
    del around, now
    shown = _shown(attempt=job.attempt, host=job.host)
    if job.unseen_since:
        return _made(ReasonCode.UNSEEN, why(job), job.unseen_since, shown)
    if job.stalled_since:
        return _made(ReasonCode.STALLED, why(job), job.stalled_since, shown)
    return _made(ReasonCode.RUNNING, why(job), job.running_at, shown)


def _over(job: JobRow, around: Around, now: datetime) -> Reason:
    del around, now
    code = ReasonCode[job.status]
    shown = _shown(attempt=job.attempt, blame=job.blame) | _end(job)
    if code is ReasonCode.STOPPED:
        shown |= _shown(by=job.stop_by, reason=job.stop_reason)
    made = _made(code, why(job), job.ended_at, shown)
    return replace(made, help=help_after(job.blame or "")) if job.status == "FAILED" else made


def _end(job: JobRow) -> dict[str, str]:
    return _shown(exit_code=job.exit_code, signal=job.signal)


def _made(
    code: ReasonCode, text: str, since: datetime | None, evidence: Mapping[str, str]
) -> Reason:
    return Reason(code=code, text=text, since=since, evidence=evidence, help=HELP.get(code, ()))


def _shown(**evidence: object) -> dict[str, str]:
    return {name: str(value) for name, value in evidence.items() if value not in (None, "")}


_OF_STATUS: Mapping[str, Callable[[JobRow, Around, datetime], Reason]] = {
    "QUEUED": _queued,
    "LAUNCHING": _launching,
    "RUNNING": _running,
    "COMPLETE": _over,
    "FAILED": _over,
    "STOPPED": _over,
}
