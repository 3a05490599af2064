"""A job's life as attempts and phases with their durations, from its events. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from domain.job_events import (
    JobAttemptFailed,
    JobCompleted,
    JobFailed,
    JobLaunching,
    JobQueued,
    JobRunning,
    JobSetupStarted,
    JobStopped,
)
from domain.model import Event

WEIGHT = {"queued": 1, "launching": 1, "setup": 1, "running": 4}
LABEL = {"queued": "Queued", "launching": "Launching", "setup": "Setup", "running": "Running"}
COLOUR = {"queued": "QUEUED", "launching": "LAUNCHING", "setup": "LAUNCHING", "running": "RUNNING"}


class Phase(msgspec.Struct, kw_only=True):
    """``start`` ``None``: still to come; ``end`` ``None``: going on."""

    name: str
    start: datetime | None = None
    end: datetime | None = None

    @property
    def state(self) -> str:
        if self.start is None:
            return "todo"
        return "now" if self.end is None else "done"


class Attempt(msgspec.Struct, kw_only=True):
    """``ended`` is the status it ended with, ``RETRIED`` for one that another follows, or empty."""

    number: int
    phases: list[Phase]
    ended: str = ""
    ended_at: datetime | None = None
    reason: str = ""


def attempts(events: Iterable[Event]) -> list[Attempt]:
    """Oldest first; a job that was never launched has one, numbered 0."""
    found: list[Attempt] = []
    for event in events:
        _step(found, event)
    for attempt in found:
        if not attempt.ended:
            seen = {phase.name for phase in attempt.phases}
            todo = [n for n in ("launching", "running") if n not in seen]
            attempt.phases += [Phase(name=name) for name in todo if _ahead(name, seen)]
    return found


def _ahead(name: str, seen: set[str]) -> bool:
    return not (name == "launching" and seen & {"setup", "running"})


def _step(found: list[Attempt], event: Event) -> None:
    match event:
        case JobQueued():
            found.append(Attempt(number=0, phases=[Phase(name="queued", start=event.at)]))
        case JobLaunching():
            found[-1].number = event.attempt
            _enter(found[-1], "launching", event.at)
        case JobSetupStarted():
            _enter(found[-1], "setup", event.at)
        case JobRunning():
            _enter(found[-1], "running", event.at)
        case JobAttemptFailed():
            _end(found[-1], "RETRIED", event.at, event.reason)
            again = [Phase(name="queued", start=event.at)]
            found.append(Attempt(number=event.attempt + 1, phases=again))
        case JobCompleted():
            _end(found[-1], "COMPLETE", event.at)
        case JobFailed():
            _end(found[-1], "FAILED", event.at, event.reason)
        case JobStopped():
            _end(found[-1], "STOPPED", event.at)
        case _:
            return


def _enter(attempt: Attempt, name: str, at: datetime) -> None:
    _close(attempt, at)
    attempt.phases.append(Phase(name=name, start=at))


def _close(attempt: Attempt, at: datetime) -> None:
    for phase in attempt.phases:
        if phase.start and phase.end is None:
            phase.end = max(at, phase.start)


def _end(attempt: Attempt, status: str, at: datetime, reason: str = "") -> None:
    _close(attempt, at)
    attempt.ended, attempt.ended_at, attempt.reason = status, at, reason
