"""Every fact of a job as a sentence, with the colour of its dot. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from application.account_reads import Member
from application.job_sentences import STOP_REASONS, job_sentence
from domain.job_events import (
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
    JobStopped,
    JobStopRequested,
    JobSubmitted,
    JobUnseen,
    JobWaitExplained,
)
from domain.model import Event
from projections.rows import JobRow

GRANTING = ("owner", "admin")
NAMED_AT_MOST = 3


def sentence(event: Event) -> tuple[str, str]:
    """``(colour, sentence)``; the colour names a status token."""
    return _COLOURS.get(type(event), "queued"), job_sentence(event) or type(event).__name__


def why(job: JobRow, heard: str = "") -> str:
    """What the job is doing and why, in one sentence; empty when its status says it all."""
    if job.unseen_since and job.status in ("LAUNCHING", "RUNNING"):
        return "The provider does not list it any more; it counts as lost if that lasts."
    if job.stop_at and job.status in ("QUEUED", "LAUNCHING", "RUNNING"):
        reason = STOP_REASONS.get(job.stop_reason or "", "Stop asked for")
        return f"{reason}; waiting for the provider to confirm that it is gone."
    if job.stalled_since and job.status == "RUNNING":
        return f"It has shown no work since {job.stalled_since:%H:%M:%S} UTC."
    told: Mapping[str, str] = {
        "QUEUED": job.wait_text or "Waits to be launched.",
        "LAUNCHING": "Setup is running."
        if job.setup_at
        else job.wait_text or "The provider is preparing it.",
        "RUNNING": heard,
        "COMPLETE": job.message or "",
        "FAILED": job.reason or "",
        "STOPPED": STOP_REASONS.get(job.stop_reason or "", "") + "." if job.stop_reason else "",
    }
    return told.get(job.status, "")


def granting(members: Iterable[Member]) -> str:
    """Who can give a role that may: owners, then admins, a few of them by name."""
    found = sorted((m for m in members if m.role in GRANTING), key=lambda m: GRANTING.index(m.role))
    named = [f"{m.person.name or m.person.email} ({m.role})" for m in found[:NAMED_AT_MOST]]
    return f"{' or '.join(named)} can give you one that may." if named else ""


_COLOURS: Mapping[type[Event], str] = {
    JobQueued: "queued",
    JobWaitExplained: "queued",
    JobMoved: "queued",
    JobLaunching: "launching",
    JobSubmitted: "launching",
    JobMachineHeld: "launching",
    JobSetupStarted: "launching",
    JobRunning: "running",
    JobUnseen: "stopping",
    JobSeenAgain: "running",
    JobStalled: "stopping",
    JobActiveAgain: "running",
    JobStopRequested: "stopping",
    JobAttemptFailed: "failed",
    JobErrorReported: "failed",
    JobResultReported: "complete",
    JobCompleted: "complete",
    JobFailed: "failed",
    JobStopped: "stopped",
    JobQuotaExtended: "queued",
}
