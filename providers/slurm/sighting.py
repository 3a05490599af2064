"""One observation from what Slurm says and what the nodes wrote; pure, and the only place that weighs them.

The command's own end, as its wrapper wrote it, counts more than Slurm's exit code. What Slurm knows
better is why a job was ended from outside: so an end by signal waits until Slurm has its final state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from domain.observations import Exit, FailureClass, Observation, Phase
from providers.node_status import PHASES, Status, exit_of, moment
from providers.slurm.accounting import SlurmJob, jobs_by_key
from providers.slurm.submission import Attempt, job_name
from providers.slurm.waits import help_of

PURGED = "Slurm has no record of the job any more, and its wrapper wrote no end."
FELL_SILENT = "The job's wrapper disappeared without reporting an exit."
REQUEUED = "Slurm put the job back into its queue after it had begun."
VISIBLE_S = 60.0
"""How late a file of a node may show up on the login node: acdirmax of nfs(5)."""
LAUNCH_FAILED = "Slurm could not start the job on its node ({reason})."


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What one round trip brought home of one attempt."""

    attempt: Attempt
    now: datetime
    job: SlurmJob | None = None
    submitted: bool = False
    requeued: bool = False
    out_of_memory: bool = False
    nodes: tuple[Status, ...] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The output of ``slurm_observe.sh``. ``unsure`` is why accounting could not be asked.

    Where accounting answers, ``accounted``, a job without a row is not gone: the controller tells
    its database late, as after an outage of slurmdbd (https://slurm.schedmd.com/accounting.html).
    """

    now: datetime
    jobs: Mapping[str, SlurmJob]
    files: Mapping[str, str]
    memory: frozenset[str]
    unsure: str = ""
    accounted: bool = False

    def of(self, token: str) -> Seen | None:
        """``None`` when there is no such folder."""
        whose = self.files.get(f"{token}/attempt.json")
        if whose is None:
            return None
        attempt = msgspec.json.decode(whose, type=Attempt)
        return Seen(
            attempt=attempt,
            now=self.now,
            job=self.jobs.get(self.files.get(f"{token}/element", job_name(token))),
            submitted=f"{token}/job_id" in self.files and not (self.unsure or self.accounted),
            requeued=f"{token}/requeued" in self.files,
            out_of_memory=f"{token}/slurm.log" in self.memory,
            nodes=tuple(self._statuses(token, attempt.nodes)),
        )

    def _statuses(self, token: str, nodes: int) -> Iterator[Status]:
        for node in range(nodes):
            found = self.files.get(f"{token}/{node}/status.json")
            if found is not None:
                yield msgspec.json.decode(found, type=Status)


def parse_answer(text: str) -> Answer:
    """Sections begin with ``#``; see the script."""
    sections: dict[str, list[str]] = {"": []}
    rest = {"": ""}
    section = ""
    for line in text.splitlines():
        if line.startswith("#"):
            section, _, rest[section] = line[1:].partition(" ")
            sections.setdefault(section, [])
            if section in ("unsure", "accounted"):
                section = "slurm"
        else:
            sections[section].append(line)
    return Answer(
        now=datetime.fromtimestamp(float(rest["now"]), UTC),
        jobs=jobs_by_key(sections["slurm"]),
        files=dict(_files(sections["files"])),
        memory=frozenset(sections["memory"]),
        unsure=rest.get("unsure", ""),
        accounted="accounted" in rest,
    )


def observe(seen: Seen) -> Observation | None:
    """``None`` when it cannot be told now: *not seen*."""
    blank = Observation(
        attempt=seen.attempt.attempt, phase=Phase.PENDING, at=seen.now, source="provider"
    )
    if seen.nodes:
        latest = max(s.t for s in seen.nodes)
        blank = replace(
            blank,
            at=moment(latest) or seen.now,
            host=seen.nodes[0].host,
            started_at=moment(seen.nodes[0].started_at),
        )
    if _all_ended(seen) and (seen.job is None or seen.job.over or not _by_signal(seen.nodes)):
        return _ended(seen, blank)
    if _is_requeued(seen):
        return replace(blank, phase=Phase.ENDED, blame=FailureClass.PREEMPTED, reason=REQUEUED)
    if seen.job is None:
        gone = replace(blank, phase=Phase.GONE, reason=PURGED)
        return gone if seen.submitted else None
    if not seen.job.over:
        return _living(seen, seen.job, blank)
    return None if _may_still_tell(seen, seen.job) else _over(seen, seen.job, blank)


def _living(seen: Seen, job: SlurmJob, blank: Observation) -> Observation:
    meaning = job.meaning
    if meaning.phase is Phase.PENDING:
        why = job.sentence or f"Slurm: {job.reason or 'pending'}."
        return replace(
            blank,
            phase=Phase.PENDING,
            at=seen.now,
            reason=why,
            evidence={"slurm": job.reason or "pending"},
            help=help_of(job.reason),
        )
    if not seen.nodes or meaning.phase is Phase.PROVISIONING:
        host = blank.host or job.nodes
        return replace(blank, phase=Phase.PROVISIONING, host=host, reason=job.sentence)
    return replace(blank, phase=_furthest(seen.nodes), reason=job.sentence)


def _furthest(nodes: Sequence[Status]) -> Phase:
    """Nodes begin one after the other: what one has reached is not taken back by the next that begins."""
    reached = {_reached(status) for status in nodes}
    return next(
        phase for phase in (Phase.RUNNING, Phase.SETUP, Phase.PROVISIONING) if phase in reached
    )


def _reached(status: Status) -> Phase:
    """One that ended in its setup never ran."""
    if status.ended:
        return Phase.RUNNING if status.in_ == "run" else Phase.SETUP
    return PHASES.get(status.phase, Phase.PROVISIONING)


def _ended(seen: Seen, blank: Observation) -> Observation:
    """Every wrapper that began has written its end; the first failure is the one that counts."""
    failed = sorted((s for s in seen.nodes if not s.ok), key=lambda s: s.t)
    cause = next((s for s in failed if s.signal is None), failed[0]) if failed else seen.nodes[0]
    end = exit_of(cause)
    done = replace(blank, phase=Phase.ENDED, exit=end)
    if seen.job is not None and _by_signal(seen.nodes):
        return replace(done, blame=seen.job.meaning.blame, reason=seen.job.sentence)
    return done


def _over(seen: Seen, job: SlurmJob, blank: Observation) -> Observation:
    """Slurm has ended it and not every wrapper said how."""
    done = replace(
        blank, phase=Phase.ENDED, at=seen.now, exit=_slurm_exit(seen, job),
        blame=job.meaning.blame, reason=job.sentence, host=blank.host or job.nodes,
    )  # fmt: skip
    if seen.out_of_memory:
        return replace(done, blame=FailureClass.OUT_OF_MEMORY, reason=_memory(job))
    if job.state != "FAILED":
        return done
    if not seen.nodes:
        why = LAUNCH_FAILED.format(reason=job.reason or "no reason given")
        return replace(done, blame=FailureClass.PROVIDER, reason=why)
    if all(not s.ended for s in seen.nodes):
        return replace(done, phase=Phase.GONE, exit=None, reason=FELL_SILENT)
    return done


def _slurm_exit(seen: Seen, job: SlurmJob) -> Exit | None:
    """The exit that Slurm or one of the nodes tells; ``None`` where neither says more than the state."""
    for status in sorted(seen.nodes, key=lambda s: s.t):
        if status.ended and not status.ok:
            return exit_of(status)
    if seen.out_of_memory or job.state == "OUT_OF_MEMORY":
        return Exit(signal=9, out_of_memory=True, reason=_memory(job))
    return None if job.meaning.blame else job.exit


def _memory(job: SlurmJob) -> str:
    return f"The job used more memory than Slurm job {job.id} was given."


def _is_requeued(seen: Seen) -> bool:
    """Its second start runs nothing: the folder is claimed. A new attempt goes on from its checkpoint.

    A job that waits with files of a node has just begun, since Slurm is asked before the folder;
    unless Slurm counts a restart.
    """
    job = seen.job
    waits = job is not None and job.meaning.phase is Phase.PENDING and job.restarts > 0
    return seen.requeued or (waits and bool(seen.nodes))


def _may_still_tell(seen: Seen, job: SlurmJob) -> bool:
    """Whether the batch script ended by itself, so that every end is written and will show up soon."""
    by_itself = job.state in ("COMPLETED", "FAILED") and not seen.out_of_memory
    known = any(s.ended and not s.ok for s in seen.nodes)
    late = job.end is None or (seen.now - job.end).total_seconds() > VISIBLE_S
    return by_itself and not known and not late


def _all_ended(seen: Seen) -> bool:
    return len(seen.nodes) == seen.attempt.nodes and all(s.ended for s in seen.nodes)


def _by_signal(nodes: Sequence[Status]) -> bool:
    """Whether something outside the command ended it, as far as its wrapper can tell."""
    return any(s.signal is not None or s.reason.startswith("stopped by") for s in nodes)


def _files(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        path, _, content = line.partition(":")
        yield path, content
