"""One sentence about why a job is where it is, made from its row alone."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping

from projections.rows import JobRow


def why(job: JobRow) -> str:
    """Never empty; for a person, not for parsing."""
    if job.status in LIVE and job.stop_at:
        told = STOPS.get(job.stop_reason or "", "Asked to stop")
        return f"{told}; waiting for its machine to be gone."
    tell = SENTENCES.get(job.status)
    return tell(job) if tell else f"{job.status}."


def _queued(job: JobRow) -> str:
    if job.wait_text:
        return job.wait_text
    return "Waiting for the worker to look at it."


def _launching(job: JobRow) -> str:
    if job.setup_at:
        return f"Attempt {job.attempt}: preparing on {job.host or 'its machine'}."
    if job.wait_text:
        return job.wait_text
    if job.ref:
        return f"Attempt {job.attempt}: submitted, waiting for the provider to start it."
    return f"Attempt {job.attempt}: being submitted to its provider."


def _running(job: JobRow) -> str:
    if job.unseen_since:
        return f"Not seen since {job.unseen_since:%Y-%m-%d %H:%M:%S} UTC; looking for it."
    where = f"Running on {job.host or 'its machine'}"
    if job.stalled_since:
        return f"{where}; it has shown no work since {job.stalled_since:%Y-%m-%d %H:%M:%S} UTC."
    return f"{where}."


def _complete(job: JobRow) -> str:
    return job.message or "The command ended with exit code 0."


def _failed(job: JobRow) -> str:
    end = _end(job)
    return " ".join(part for part in (job.reason or "", end) if part) or "It failed."


def _stopped(job: JobRow) -> str:
    return f"Stopped: {job.stop_reason or 'by a person'}."


def _end(job: JobRow) -> str:
    if job.signal:
        try:
            return f"(signal {signal.Signals(job.signal).name})"
        except ValueError:
            return f"(signal {job.signal})"
    return f"(exit code {job.exit_code})" if job.exit_code else ""


STOPS: Mapping[str, str] = {
    "run_timeout": "The time limit was reached",
    "launch_timeout": "It did not start in time",
    "idle_timeout": "It was idle for too long",
    "ttl": "Its time to live is over",
    "quota": "The quota is used up and it is asked to stop",
}
LIVE = frozenset({"QUEUED", "LAUNCHING", "RUNNING"})
SENTENCES: Mapping[str, Callable[[JobRow], str]] = {
    "QUEUED": _queued,
    "LAUNCHING": _launching,
    "RUNNING": _running,
    "COMPLETE": _complete,
    "FAILED": _failed,
    "STOPPED": _stopped,
}
