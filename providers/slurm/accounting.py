"""What Slurm says of a job: the output of squeue and sacct, and every job state in our words.

Without an accounting database squeue knows an ended job for MinJobAge only (300 s by default);
sacct knows it for ever where there is one. Both are asked with separators, not as JSON: its shape
changed with nearly every Slurm version. Not here: what the node wrapper wrote itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from domain.observations import Exit, FailureClass, Phase

SQUEUE_FIELDS = (
    "JobArrayID:|,Name:|,State:|,exit_code:|,StartTime:|,SubmitTime:|,NodeList:|,Reason:|"
    ",EndTime:|,RestartCnt:|"
)
ELEMENTS = re.compile(r"(\d+)_\[([\d,-]+)(?:%\d+)?\]")
"""``123_[5-9,12%4]``: those of an array that wait alike (https://slurm.schedmd.com/job_array.html)."""
SACCT_FIELDS = "JobID,JobName%64,State%40,ExitCode,Start,Submit,NodeList%200,Reason%64,End"


class Meaning(NamedTuple):
    """``sentence`` is for people; empty where the exit says it better."""

    phase: Phase
    blame: FailureClass | None = None
    sentence: str = ""


_P, _F = Phase, FailureClass
# https://slurm.schedmd.com/job_state_codes.html, https://slurm.schedmd.com/squeue.html (22.05 to 25.05)
STATES = {
    "PENDING": Meaning(_P.PENDING),
    "REQUEUED": Meaning(_P.PENDING),
    "REQUEUE_FED": Meaning(_P.PENDING),
    "REQUEUE_HOLD": Meaning(_P.PENDING, sentence="Slurm holds the job after a requeue."),
    "RESV_DEL_HOLD": Meaning(_P.PENDING, sentence="Its reservation was deleted; Slurm holds it."),
    "SPECIAL_EXIT": Meaning(_P.PENDING, sentence="Slurm holds the job (special exit)."),
    "CONFIGURING": Meaning(_P.PROVISIONING),
    "POWER_UP_NODE": Meaning(_P.PROVISIONING),
    "EXPEDITING": Meaning(_P.PENDING),
    "RUNNING": Meaning(_P.RUNNING),
    "COMPLETING": Meaning(_P.RUNNING),
    "RESIZING": Meaning(_P.RUNNING),
    "SIGNALING": Meaning(_P.RUNNING),
    "STAGE_OUT": Meaning(_P.RUNNING),
    "UPDATE_DB": Meaning(_P.RUNNING),
    "STOPPED": Meaning(_P.RUNNING, sentence="Slurm has halted the job's processes."),
    "SUSPENDED": Meaning(_P.RUNNING, sentence="Slurm has suspended the job."),
    "COMPLETED": Meaning(_P.ENDED),
    "FAILED": Meaning(_P.ENDED),
    "CANCELLED": Meaning(_P.ENDED, _F.CANCELLED, "The job was cancelled in Slurm{by}."),
    "TIMEOUT": Meaning(_P.ENDED, _F.TIMEOUT, "The job reached its Slurm time limit."),
    "DEADLINE": Meaning(_P.ENDED, _F.TIMEOUT, "The job reached its Slurm deadline."),
    "OUT_OF_MEMORY": Meaning(_P.ENDED, _F.OUT_OF_MEMORY, "The job used more memory than it had."),
    "PREEMPTED": Meaning(_P.ENDED, _F.PREEMPTED, "Slurm preempted the job."),
    "NODE_FAIL": Meaning(_P.ENDED, _F.NODE_LOST, "A node of the job failed."),
    "BOOT_FAIL": Meaning(_P.ENDED, _F.PROVIDER, "A node of the job did not boot."),
    "LAUNCH_FAILED": Meaning(_P.ENDED, _F.PROVIDER, "Slurm could not launch the job."),
    "RECONFIG_FAIL": Meaning(_P.ENDED, _F.PROVIDER, "A node could not be reconfigured."),
    "REVOKED": Meaning(_P.ENDED, _F.PROVIDER, "Another cluster of the federation took the job."),
}


class SlurmJob(msgspec.Struct, frozen=True, kw_only=True):
    """One row of squeue or sacct. ``state`` is the bare state, ``by`` who cancelled it: a name, or a uid.

    The ``id`` of one of an array is ``123_4``; its ``name`` is the whole array's.
    ``end`` is the expected one while it runs.
    """

    id: str
    name: str
    state: str
    exit: Exit
    start: str = ""
    submit: str = ""
    nodes: str = ""
    reason: str = ""
    by: str = ""
    end: datetime | None = None
    restarts: int = 0

    @property
    def key(self) -> str:
        """What tells it from every other job of ours: its name, and its place in an array."""
        _, underscore, index = self.id.partition("_")
        return f"{self.name}{underscore}{index}"

    @property
    def meaning(self) -> Meaning:
        unknown = Meaning(Phase.RUNNING, sentence=f"Slurm says {self.state}, which is not known.")
        return STATES.get(self.state, unknown)

    @property
    def over(self) -> bool:
        return self.meaning.phase is Phase.ENDED

    @property
    def sentence(self) -> str:
        who = f"uid {self.by}" if self.by.isdigit() else self.by
        return self.meaning.sentence.format(by=f" by {who}" if who else "")


def parse_jobs(lines: Iterable[str]) -> Iterator[SlurmJob]:
    """Rows of ``SQUEUE_FIELDS`` or ``SACCT_FIELDS`` (``--parsable2``); other lines are passed over.

    A row for several of an array becomes one job each.
    """
    for line in lines:
        fields = [field.strip() for field in line.split("|")]
        if len(fields) < 8 or not fields[0][:1].isdigit():
            continue
        job, name, state, code, start, submit, nodes, reason, end, restarts = [*fields, "", ""][:10]
        bare, _, by = state.partition(" by ")
        for each in _ids(job):
            yield SlurmJob(
                id=each, name=name, state=bare.strip().rstrip("+"), exit=parse_exit(code),
                by=by.strip(), start=_known(start), submit=_known(submit), nodes=_known(nodes),
                reason=_known(reason), end=_moment(end), restarts=int(restarts or 0),
            )  # fmt: skip


def jobs_by_key(lines: Iterable[str]) -> dict[str, SlurmJob]:
    """A row of a job's own goes before one for several of its array, which may be older.

    sacct comes after squeue and lags behind it: an end in one is not undone by the other.
    """
    first = sorted(lines, key=lambda line: "[" not in line.partition("|")[0])
    jobs: dict[str, SlurmJob] = {}
    for job in parse_jobs(first):
        before = jobs.get(job.key)
        if before is None or job.over or not before.over:
            jobs[job.key] = job
    return jobs


def _ids(job: str) -> Iterator[str]:
    found = ELEMENTS.fullmatch(job)
    if found is None:
        yield job
        return
    for stretch in found[2].split(","):
        first, _, last = stretch.partition("-")
        for index in range(int(first), int(last or first) + 1):
            yield f"{found[1]}_{index}"


def parse_exit(text: str) -> Exit:
    """``7:0`` (code, signal) of sacct, or the wait status (1792) that squeue prints."""
    if ":" in text:
        code, number = (int(part or 0) for part in text.split(":")[:2])
    else:
        status = int(text) if text.isdigit() else 0
        code, number = status >> 8, status & 0x7F
    return Exit(signal=number) if number else Exit(code=code)


def _moment(text: str) -> datetime | None:
    """The scripts ask for UTC; what is not known has several names."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text[:1].isdigit() else None


def _known(text: str) -> str:
    return "" if text in ("N/A", "n/a", "(null)", "Unknown", "None", "None assigned") else text
