"""Which jobs are there, and how is each: one row a job, and its attempts' phases.

Pure: a row depends on its events alone. The queries are in ``projections/job_queries.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from domain.job_events import (
    Ended,
    JobActiveAgain,
    JobAttemptFailed,
    JobCompleted,
    JobErrorReported,
    JobFailed,
    JobLaunching,
    JobMachineHeld,
    JobMoved,
    JobQueued,
    JobQuotaExtended,
    JobResultReported,
    JobRunning,
    JobSeenAgain,
    JobSetupStarted,
    JobStalled,
    JobStatus,
    JobStopped,
    JobStopRequested,
    JobSubmitted,
    JobUnseen,
    JobWaitExplained,
)
from domain.model import Event
from domain.observations import Exit
from projections.base import Column, Patch, Projection, SqlType, Table, Value

Row = Mapping[str, Value]

TEXT, BIGINT, DOUBLE = SqlType.TEXT, SqlType.BIGINT, SqlType.DOUBLE
TIME, JSONB, BOOLEAN = SqlType.TIMESTAMPTZ, SqlType.JSONB, SqlType.BOOLEAN

JOBS = Table(
    name="jobs",
    columns=(
        Column(name="team"),
        Column(name="experiment"),
        Column(name="owner"),
        Column(name="provider"),
        Column(name="task"),
        Column(name="task_revision", type=BIGINT),
        Column(name="name"),
        Column(name="status"),
        Column(name="priority", type=BIGINT),
        Column(name="spec", type=JSONB, apart=True),
        Column(name="cloned_from"),
        Column(name="resumed_from"),
        Column(name="sweep"),
        Column(name="attempt", type=BIGINT),
        Column(name="token"),
        Column(name="ref"),
        Column(name="host"),
        Column(name="wait_code"),
        Column(name="wait_text"),
        Column(name="wait_since", type=TIME),
        Column(name="wait_evidence", type=JSONB),
        Column(name="wait_help", type=JSONB),
        Column(name="queued_at", type=TIME),
        Column(name="not_before", type=TIME),
        Column(name="launching_at", type=TIME),
        Column(name="machine_at", type=TIME),
        Column(name="setup_at", type=TIME),
        Column(name="running_at", type=TIME),
        Column(name="ended_at", type=TIME),
        Column(name="unseen_since", type=TIME),
        Column(name="stalled_since", type=TIME),
        Column(name="expires_at", type=TIME),
        Column(name="stop_at", type=TIME),
        Column(name="stop_by"),
        Column(name="stop_reason"),
        Column(name="stop_grace_s", type=DOUBLE),
        Column(name="exit_code", type=BIGINT),
        Column(name="signal", type=BIGINT),
        Column(name="blame"),
        Column(name="reason"),
        Column(name="score", type=JSONB),
        Column(name="message"),
        Column(name="held_s", type=BIGINT),
        Column(name="used_s", type=BIGINT),
        Column(name="price_per_hour", type=DOUBLE),
        Column(name="cost", type=DOUBLE),
        Column(name="currency"),
    ),
    indexes=(
        "team, queued_at desc, id desc",
        "team, status, queued_at desc, id desc",
        "team, experiment, queued_at desc, id desc",
        "provider, status, priority desc, queued_at, id",
        "team, ended_at",
        "team, name, id",
        "team, (coalesce(used_s, 0)), id",
        "team, (coalesce(cost, 0)), id",
    ),
)


def _queued(event: JobQueued) -> Row:
    return {
        "team": event.team,
        "experiment": event.experiment,
        "owner": event.owner,
        "provider": event.provider,
        "task": event.task,
        "task_revision": event.task_revision,
        "name": event.spec.name,
        "status": JobStatus.QUEUED,
        "priority": event.spec.priority,
        "spec": _builtins(event),
        "cloned_from": event.cloned_from,
        "resumed_from": event.resumed_from,
        "sweep": event.sweep,
        "attempt": 0,
        "queued_at": event.at,
        "expires_at": event.at + timedelta(seconds=event.spec.ttl_s) if event.spec.ttl_s else None,
        "held_s": event.hold.seconds,
    }


def _launching(event: JobLaunching) -> Row:
    return {
        "status": JobStatus.LAUNCHING,
        "attempt": event.attempt,
        "token": event.token,
        "ref": "",
        "wait_code": "",
        "wait_text": "",
        "launching_at": event.at,
        "machine_at": None if event.charged_when_held else event.at,
        "setup_at": None,
        "running_at": None,
        "unseen_since": None,
        "stalled_since": None,
    }


def _attempt_failed(event: JobAttemptFailed) -> Row:
    return {
        "status": JobStatus.QUEUED,
        "not_before": event.next_at,
        "wait_code": "retrying",
        "wait_text": f"Attempt {event.attempt} failed: {event.reason}",
        "wait_since": event.at,
        "wait_evidence": None,
        "wait_help": None,
        "blame": event.blame,
        "reason": event.reason,
        **_exit(event.exit),
    }


def _failed(event: JobFailed) -> Row:
    return {
        "status": JobStatus.FAILED,
        "ended_at": event.at,
        "blame": event.blame,
        "reason": event.reason,
        **_charged(event),
        "wait_code": "",
        "wait_text": "",
        **_exit(event.exit),
    }


def _completed(event: JobCompleted) -> Row:
    return {
        "status": JobStatus.COMPLETE,
        "ended_at": event.at,
        "exit_code": 0,
        "signal": None,
        "blame": "",
        "reason": "",
        **_charged(event),
    }


def _stopped(event: JobStopped) -> Row:
    return {
        "status": JobStatus.STOPPED,
        "ended_at": event.at,
        **_charged(event),
        "wait_code": "",
        "wait_text": "",
        **_exit(event.exit),
    }


def _charged(event: Ended) -> Row:
    return {"used_s": event.used_s, "cost": event.cost, "currency": event.currency}


def _exit(end: Exit | None) -> Row:
    return {"exit_code": end.code if end else None, "signal": end.signal if end else None}


SETS: Mapping[type[Event], Callable[[Any], Row]] = {  # each arm takes its own event
    JobQueued: _queued,
    JobWaitExplained: lambda e: {
        "wait_code": e.code,
        "wait_text": e.text,
        "wait_since": e.at,
        "wait_evidence": e.evidence,
        "wait_help": list(e.help),
    },
    JobMoved: lambda e: {
        "provider": e.provider,
        "wait_code": "",
        "wait_text": "",
        "wait_since": None,
        "wait_evidence": None,
        "wait_help": None,
    },
    JobLaunching: _launching,
    JobSubmitted: lambda e: {"ref": e.ref, "price_per_hour": e.price_per_hour},
    JobMachineHeld: lambda e: {"machine_at": e.at, "host": e.host},
    JobSetupStarted: lambda e: {"setup_at": e.at, "host": e.host},
    JobRunning: lambda e: {
        "status": JobStatus.RUNNING,
        "running_at": e.at,
        "host": e.host,
        "wait_code": "",
        "wait_text": "",
    },
    JobUnseen: lambda e: {"unseen_since": e.at},
    JobSeenAgain: lambda e: {"unseen_since": None},
    JobStalled: lambda e: {"stalled_since": e.idle_since},
    JobActiveAgain: lambda e: {"stalled_since": None},
    JobStopRequested: lambda e: {
        "stop_at": e.at,
        "stop_by": e.by,
        "stop_reason": e.reason,
        "stop_grace_s": e.grace_s,
    },
    JobAttemptFailed: _attempt_failed,
    JobErrorReported: lambda e: {"message": e.message},
    JobResultReported: lambda e: {"score": e.score, "message": e.message},
    JobCompleted: _completed,
    JobFailed: _failed,
    JobStopped: _stopped,
}


def fold_jobs(event: Event, position: int) -> Sequence[Patch]:
    """The patches of one event."""
    if isinstance(event, JobQuotaExtended):
        return (Patch("jobs", event.originator_id, add={"held_s": event.seconds}),)
    sets = SETS.get(type(event))
    return (Patch("jobs", event.originator_id, set=sets(event)),) if sets else ()


def _builtins(event: JobQueued) -> Row:
    spec: Row = msgspec.to_builtins(event.spec)
    return spec


JOBS_PROJECTION = Projection(name="jobs", version=5, tables=(JOBS,), fn=fold_jobs)
