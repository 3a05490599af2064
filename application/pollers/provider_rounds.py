"""One round over one provider: launch what waits, recover what was cut short, look at what lives.

A round reads candidates from the read model and decides nothing from it: every move loads the job.
Each step may be cut at any point and done again. Not here: when a round runs (``server/worker.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from application.actor import system
from application.commands.attempts import explain_waits, launch_job, recover_launch
from application.commands.batches import Waiting, launch_jobs
from application.commands.budgets import keep_in_budget
from application.commands.compute import note_orphan_ended, note_reachable
from application.commands.node import Stretch, apply_journal
from application.commands.sightings import (
    UNHEARD,
    enforce_limits,
    keep_reserved,
    lose_job,
    note_signs,
    note_unseen,
    observe_job,
)
from application.lab import Lab
from application.one_look import OneLook
from application.owners import absences
from domain.compute import Provider
from domain.compute import fold as fold_provider
from domain.ids import JobId, launch_token
from domain.job_events import JobStatus
from domain.jobs import fold as fold_job
from domain.observations import Observation, Phase
from domain.scheduling import holds_up, is_resting, turns
from projections.queries import Queries
from projections.rows import WorkRow
from providers.base import (
    AccountUnavailable,
    ComputeProvider,
    CredentialsRejected,
    Handle,
    ProviderUnavailable,
    Wait,
)

POLLER = system("poller")
RECOVER_AFTER_S = 1.0
STOP_AGAIN_S = 5.0
LIMITS_EVERY_S = 1.0
ORPHAN_GRACE_S = 30.0
LAUNCH_AT_MOST = 50
BATCH_AT_MOST = 500
QUEUE_LOOKED_AT = 1_000
EXPLAIN_AT_MOST = 20
SPOOL_LIMIT = 1024 * 1024
SPOOL_ROUNDS = 64
LIVE = (JobStatus.LAUNCHING, JobStatus.RUNNING)


@dataclass
class Memory:
    """What a leader remembers between rounds; losing it costs time, never truth."""

    unseen_polls: dict[str, int] = field(default_factory=dict)
    stopped_at: dict[str, datetime] = field(default_factory=dict)
    collected: set[str] = field(default_factory=set)
    tidied: set[str] = field(default_factory=set)
    limits_at: datetime | None = None
    away: frozenset[str] = frozenset()
    """Owners who were away when all who wait were last looked up, and those found since."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """One provider's round. ``caught_up`` waits until the read model shows the whole log.

    An account that cannot be asked holds up the jobs it has, and no others.
    """

    lab: Lab
    queries: Queries
    provider: str
    memory: Memory
    caught_up: Callable[[], None]

    def run(self) -> None:
        """Every step once. A provider that does not answer ends the round and is noted."""
        state = fold_provider(self.lab.log.stream(self.provider))
        try:
            adapter = self.lab.providers.of(self.provider)
            rows = self.queries.work(self.provider)
            self._observe(adapter, rows)
            self.lab.reached("round.observed")
            self._recover(rows)
            self._enforce(rows)
            self._stop(adapter, self.queries.stopping(self.provider))
            self._hold_absent()
            self._launch(adapter, state)
            self._explain_queue(adapter)
        except (ProviderUnavailable, CredentialsRejected) as error:
            note_reachable(self.lab, POLLER, self.provider, problem=str(error))
            return
        if state.unreachable:
            note_reachable(self.lab, POLLER, self.provider, problem="")

    def launch(self) -> None:
        """Only what somebody waits for: stopping and launching."""
        adapter = self.lab.providers.of(self.provider)
        state = fold_provider(self.lab.log.stream(self.provider))
        self._stop(adapter, self.queries.stopping(self.provider))
        self._launch(adapter, state)

    def sweep(self) -> int:
        """End what is ours at the provider and belongs to no live job; how many that were.

        The wrapper of a job that has just ended still sends its last words and goes by itself.
        """
        adapter = self.lab.providers.of(self.provider)
        living = adapter.census()
        if not living:
            return 0
        self.caught_up()
        now = self.lab.clock.now()
        known = self._known_tokens(ended_since=now - timedelta(seconds=ORPHAN_GRACE_S))
        ended = 0
        for thing in living:
            young = thing.since and now - thing.since < timedelta(seconds=ORPHAN_GRACE_S)
            if thing.token in known or young:
                continue
            adapter.stop(thing.handle, grace_s=0)
            note_orphan_ended(self.lab, POLLER, self.provider, token=thing.token, ref=thing.handle)
            ended += 1
        return ended

    def _known_tokens(self, *, ended_since: datetime) -> set[str | None]:
        """Of every provider: two may share one cluster and its folder."""
        ids = [provider.id for provider in self.queries.all_providers()]
        live = {row.token for id in ids for row in self.queries.work(id)}
        return live | {
            row.token for id in ids for row in self.queries.lately_ended(id, since=ended_since)
        }

    def tidy(self, *, older_than_s: float) -> None:
        """Collect the last spooled words of ended jobs, then remove what they left behind."""
        adapter = self.lab.providers.of(self.provider)
        now = self.lab.clock.now()
        week = now - timedelta(days=7)
        for row in self.queries.lately_ended(self.provider, since=week):
            if row.id not in self.memory.tidied:
                with suppress(AccountUnavailable):
                    self._tidy_one(adapter, row, older_than_s=older_than_s)

    def _tidy_one(self, adapter: ComputeProvider, row: WorkRow, *, older_than_s: float) -> None:
        handle = Handle(row.ref or row.token or "")
        if row.id not in self.memory.collected:
            self._collect(adapter, row, handle)
            self.memory.collected.add(row.id)
        age = self.lab.clock.now() - (row.ended_at or row.queued_at)
        if age > timedelta(seconds=older_than_s):
            for attempt in range(1, row.attempt + 1):
                token = launch_token(JobId(row.id), attempt)
                adapter.cleanup(Handle(handle.replace(row.token or token, token)))
            self.memory.tidied.add(row.id)

    def _launch(self, adapter: ComputeProvider, state: Provider) -> None:
        """Launch in order. On a provider with slots the first job without room holds up the rest."""
        batch = adapter.capabilities.batch
        together: list[Waiting] = []
        most = BATCH_AT_MOST if batch else LAUNCH_AT_MOST
        queue = self._queue(limit=most)
        for row, wait in turns(queue, lambda row: self._wait(adapter, state, row)):
            if wait is not None:
                self._explain(row, wait)
            elif batch:
                together.append(self._waiting(row))
            else:
                self._launch_one(row)
        launch_jobs(self.lab, self.provider, together)

    def _launch_one(self, row: WorkRow) -> None:
        launch_job(self.lab, row.id, provider=self.provider, checkpoint=self._checkpoint(row))

    def _queue(self, *, limit: int) -> list[WorkRow]:
        """The first that wait, of owners who are here: who was away a round ago is passed over unasked."""
        passed = self.memory.away
        queue = self.queries.waiting(self.provider, limit=limit, without=passed)
        away = absences(self.lab, {(row.team, row.owner) for row in queue})
        self._hold(away)
        self.memory.away = passed.union(away)
        return [row for row in queue if row.owner not in away]

    def _hold_absent(self) -> None:
        """Owners whose jobs are held, and why; however many they are, they hold up nobody else."""
        away = absences(self.lab, self.queries.owners_waiting(self.provider))
        self._hold(away)
        self.memory.away = frozenset(away)

    def _hold(self, away: Mapping[str, Wait]) -> None:
        for owner, wait in away.items():
            rows = self.queries.waiting_of(
                self.provider, owner, code=wait.code, limit=EXPLAIN_AT_MOST
            )
            self._explain_all(rows, wait)

    def _explain(self, row: WorkRow, wait: Wait) -> None:
        if row.wait_code != wait.code:
            self._explain_all([row], wait)

    def _explain_all(self, rows: Sequence[WorkRow], wait: Wait) -> None:
        explain_waits(self.lab, {row.id: wait for row in rows}, provider=self.provider)

    def _explain_queue(self, adapter: ComputeProvider) -> None:
        """Tell jobs that wait for others so: a few each round, for they are many and in no hurry."""
        if not adapter.capabilities.slots:
            return
        away = self.memory.away
        queue = self.queries.waiting(self.provider, limit=1, without=away)
        if not queue or not holds_up(queue[0].wait_code or ""):
            return
        ahead = queue[0]
        # The code is the same whoever is ahead: one fact a job, not one for each that starts.
        wait = Wait(
            code="behind",
            text=f"Job {ahead.id} is ahead and waits for room.",
            evidence={"job": ahead.id, "priority": str(ahead.priority)},
        )
        rows = self.queries.untold(
            self.provider,
            code=wait.code,
            now=self.lab.clock.now(),
            among=QUEUE_LOOKED_AT,
            limit=EXPLAIN_AT_MOST,
            without=away,
        )
        self._explain_all([row for row in rows if row.id != ahead.id], wait)

    def _waiting(self, row: WorkRow) -> Waiting:
        return Waiting(job=row.id, attempt=row.attempt, checkpoint=self._checkpoint(row))

    def _checkpoint(self, row: WorkRow) -> str:
        found = self.queries.latest_checkpoint(row.id) if row.attempt else None
        return found.id if found else ""

    def _wait(self, adapter: ComputeProvider, state: Provider, row: WorkRow) -> Wait | None:
        now = self.lab.clock.now()
        if row.not_before and is_resting(row.not_before, now):
            return Wait(
                code="retrying", text=f"The next attempt begins at {row.not_before:%H:%M:%S} UTC."
            )
        if not state.enabled:
            return Wait(code="provider_disabled", text=f"Provider {state.name} is disabled.")
        job = fold_job(self.lab.log.stream(row.id))
        return adapter.admit(job.spec, owner=job.owner)

    def _recover(self, rows: Sequence[WorkRow]) -> None:
        now = self.lab.clock.now()
        for row in rows:
            if row.status != JobStatus.LAUNCHING or row.ref or row.launching_at is None:
                continue
            if now - row.launching_at > timedelta(seconds=RECOVER_AFTER_S):
                with suppress(AccountUnavailable):
                    recover_launch(self.lab, row.id)

    def _observe(self, adapter: ComputeProvider, rows: Sequence[WorkRow]) -> None:
        live = {Handle(row.ref): row for row in rows if row.ref and row.status in LIVE}
        if not live:
            return
        seen = adapter.observe(list(live))
        for handle, row in live.items():
            if handle not in seen:
                self._missed(row)
                continue
            found = seen[handle]
            if found is None:
                continue  # not asked: nothing is known
            self.memory.unseen_polls.pop(row.id, None)
            with suppress(AccountUnavailable):
                self._saw(adapter, row, handle, found)

    def _saw(
        self, adapter: ComputeProvider, row: WorkRow, handle: Handle, found: Observation
    ) -> None:
        if found.phase in (Phase.ENDED, Phase.GONE) or self._is_silent(row):
            self._collect(adapter, row, handle)
            self.lab.reached("round.collected")
        observe_job(self.lab, row.id, found)
        wait = Wait(
            code=f"provider: {found.reason}",
            text=found.reason,
            evidence=found.evidence,
            help=found.help,
        )
        if found.phase is Phase.PENDING and found.reason and row.wait_code != wait.code:
            self._explain_all([row], wait)

    def _is_silent(self, row: WorkRow) -> bool:
        """Whether the node has not pushed for a while, so that its spool must be fetched."""
        heard = self.lab.telemetry.last_heartbeat(job=row.id, attempt=row.attempt)
        now = self.lab.clock.now()
        return heard is None or now - heard > timedelta(seconds=5)

    def _collect(self, adapter: ComputeProvider, row: WorkRow, handle: Handle) -> None:
        for _ in range(SPOOL_ROUNDS):
            offsets = self.lab.telemetry.offsets(job=row.id, attempt=row.attempt)
            chunks = adapter.spool(handle, offsets, limit=SPOOL_LIMIT)
            moved = [
                self._apply(row, chunk.stream, chunk.node, chunk.offset, chunk.body)
                for chunk in chunks
            ]
            if not any(moved):
                return

    def _apply(self, row: WorkRow, stream: str, node: int, offset: int, body: bytes) -> bool:
        stretch = Stretch(
            job=row.id, attempt=row.attempt, node=node, stream=stream, offset=offset, body=body
        )
        return apply_journal(self.lab, stretch).next > offset

    def _missed(self, row: WorkRow) -> None:
        polls = self.memory.unseen_polls.get(row.id, 0) + 1
        self.memory.unseen_polls[row.id] = polls
        note_unseen(self.lab, row.id)
        now = self.lab.clock.now()
        since = row.unseen_since or now
        if self.lab.policy.loss.is_lost(unseen_since=since, unseen_polls=polls, now=now):
            lose_job(self.lab, row.id, attempt=row.attempt, polls=polls)

    def _enforce(self, rows: Sequence[WorkRow]) -> None:
        now = self.lab.clock.now()
        last = self.memory.limits_at
        if last and (now - last).total_seconds() < LIMITS_EVERY_S:
            return
        self.memory.limits_at = now
        for row in self.queries.expired(self.provider, now=now):
            enforce_limits(self.lab, row.id)
        running = [row for row in rows if row.status in LIVE and not row.stop_at]
        signs = self.lab.telemetry.signs({row.id: row.attempt for row in running})
        log = OneLook(self.lab.log)
        log.look_up(streams=[row.id for row in running])
        looking = replace(self.lab, log=log)
        for row in running:
            heard = signs.get(row.id, UNHEARD)
            note_signs(looking, row.id, heard)
            enforce_limits(looking, row.id, heard)
            keep_reserved(looking, row.id)
            keep_in_budget(looking, row.id)

    def _stop(self, adapter: ComputeProvider, rows: Sequence[WorkRow]) -> None:
        now = self.lab.clock.now()
        for row in rows:
            if not row.stop_at or not row.ref or row.status not in LIVE:
                continue
            last = self.memory.stopped_at.get(row.id)
            if last and now - last < timedelta(seconds=STOP_AGAIN_S):
                continue
            self.memory.stopped_at[row.id] = now
            with suppress(AccountUnavailable):
                adapter.stop(Handle(row.ref), grace_s=row.stop_grace_s or 0)
            self.lab.reached("round.stopped")
