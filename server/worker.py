"""The worker: follows the log, and looks after every provider on a schedule. The one user of APScheduler.

Any number of workers may run on one database: the leader of a provider holds its lock, the others
try again each second. https://apscheduler.readthedocs.io/en/3.x/userguide.html
"""

from __future__ import annotations

import logging
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from apscheduler.schedulers.background import BackgroundScheduler
from psycopg_pool import PoolTimeout

from application.job_sentences import job_sentence
from application.pollers.provider_rounds import Memory, Round
from application.proof import prove_guards
from application.telling import Stories
from domain.errors import LabError, StoreUnavailable
from projections.projector import END
from server.bootstrap import System, system
from server.following import Follower
from server.notifying import Notifier, Patience
from server.postgres.listener import Listener
from server.settings import Settings

_log = logging.getLogger(__name__)

ROUND_S = 1.0
PAUSE_S = 0.02
LIVE_PAUSE_S = 0.005
PAST_PAUSE_S = 0.1
"""News come in bursts, and one move of a read model serves many. Nobody waits for the past at once."""
SWEEP_S = 30.0
TIDY_S = 30.0
PRUNE_HOURS = 6
UPLOAD_DAYS = 7
CONNECTIONS = 12
AWAY = (StoreUnavailable, psycopg.Error, PoolTimeout)


class ProviderWatch:
    """One provider's rounds on a thread of its own, while this worker is its leader."""

    def __init__(self, system: System, provider: str, follower: Follower) -> None:
        self._system = system
        self._provider = provider
        self._follower = follower
        self._awake = threading.Event()
        self._full = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=provider, daemon=True)
        self._chores: dict[str, datetime] = {}

    def start(self) -> None:
        self._full.set()
        self._awake.set()
        self._thread.start()

    def news(self) -> None:
        """The log moved: something may be to launch or to stop."""
        self._awake.set()

    def due(self) -> None:
        """The schedule says it is time for a full round."""
        self._full.set()
        self._awake.set()

    def stop(self) -> None:
        self._stopping.set()
        self._awake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._system.lab.locks.hold(f"leader/{self._provider}") as leads:
                    if leads:
                        self._lead()
            except AWAY as error:
                _log.warning("%s: waiting for the database: %s", self._provider, error)
            self._stopping.wait(ROUND_S)

    def _lead(self) -> None:
        memory = Memory()
        while not self._stopping.is_set():
            self._awake.wait()
            self._awake.clear()
            if self._stopping.is_set():
                return
            self._round(memory)

    def _round(self, memory: Memory) -> None:
        step = Round(
            lab=self._system.lab,
            queries=self._system.queries,
            provider=self._provider,
            memory=memory,
            caught_up=self._catch_up,
        )
        try:
            if not self._full.is_set():
                step.launch()
                self._stopping.wait(PAUSE_S)  # news comes in bursts; one look serves many
                return
            self._full.clear()
            step.run()
            self._chore("sweep", SWEEP_S, step.sweep)
            keep_s = self._system.settings.run_dir_minutes * 60
            self._chore("tidy", TIDY_S, lambda: step.tidy(older_than_s=keep_s))
        except AWAY:
            raise
        except LabError as error:
            _log.warning("%s: %s", self._provider, error)
        except Exception:  # noqa: BLE001  # the poll loop: one provider's bug must not stop the others
            _log.exception("%s: this round failed; the next is tried", self._provider)

    def _chore(self, name: str, every_s: float, do: object) -> None:
        now = datetime.now(UTC)
        due = self._chores.setdefault(name, now + timedelta(seconds=every_s))
        if now >= due and callable(do):
            self._chores[name] = now + timedelta(seconds=every_s)
            do()

    def _catch_up(self) -> None:
        if not self._follower.catch_up(self._system.lab.log.head()):
            raise StoreUnavailable(why="the read models are behind")


class Worker:
    """Start, then ``stop``. Jobs outlive it; a new worker takes over where it stood."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._watches: dict[str, ProviderWatch] = {}
        self._follower = Follower(system.projectors, after=self._news, abreast=system.abreast)
        self._historian = Follower(
            system.historians,
            after=lambda: None,
            abreast=system.past_abreast,
            pause_s=PAST_PAUSE_S,
        )
        self._indexer = Follower([system.index], after=system.index.announce, pause_s=PAST_PAUSE_S)
        self._notifier = notifier(system)
        self._listener = Listener(system.dsn)
        for follower in (self._follower, self._historian, self._indexer):
            self._listener.on(f"lab_events_{system.settings.schema}", follower.wake)
        self._schedule = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        now = datetime.now(UTC)
        self._schedule.add_listener(_tell_skipped, EVENT_JOB_MAX_INSTANCES)
        self._schedule.add_job(
            self._discover, "interval", seconds=ROUND_S, id="rounds", next_run_time=now
        )
        self._schedule.add_job(self._prune, "interval", hours=PRUNE_HOURS, id="prune")
        self._schedule.add_job(self._prune_uploads, "interval", days=1, id="uploads")
        self._schedule.add_job(self._prove, "interval", days=1, id="prove")
        soon = {minutes: now + timedelta(minutes=minutes) for minutes in (10, 20)}
        self._schedule.add_job(
            self._verify, "interval", days=1, id="verify", next_run_time=soon[10]
        )
        self._schedule.add_job(
            self._replay, "interval", days=1, id="replay", next_run_time=soon[20]
        )
        self._follower.start()
        self._historian.start()
        self._indexer.start()
        self._notifier.start()
        self._listener.start()
        self._schedule.start()

    def stop(self) -> None:
        """End every thread; nothing at a provider is touched."""
        self._schedule.shutdown(wait=True)
        self._listener.stop()
        with ThreadPoolExecutor() as pool:
            list(pool.map(ProviderWatch.stop, self._watches.values()))
        self._notifier.stop()
        self._follower.stop()
        self._historian.stop()
        self._indexer.stop()

    def _news(self) -> None:
        self._notifier.news()
        for watch in list(self._watches.values()):
            watch.news()

    def _discover(self) -> None:
        try:
            rows = self._system.queries.all_providers()
        except AWAY as error:
            _log.warning("waiting for the database: %s", error)
            return
        for row in rows:
            if row.id not in self._watches:
                self._watches[row.id] = ProviderWatch(self._system, row.id, self._follower)
                self._watches[row.id].start()
            self._watches[row.id].due()

    def _prune(self) -> None:
        now = datetime.now(UTC)
        settings = self._system.settings
        try:
            self._system.telemetry.prune(
                metrics_before=now - timedelta(days=settings.metric_days),
                logs_before=now - timedelta(days=settings.log_days),
            )
            kept = timedelta(days=settings.notify_days)
            self._system.deliveries.prune(now=now, older_than=kept)
        except AWAY as error:
            _log.warning("telemetry and deliveries were not pruned: %s", error)

    def _prune_uploads(self) -> None:
        before = datetime.now(UTC) - timedelta(days=UPLOAD_DAYS)
        try:
            dropped = self._system.lab.blobs.prune_uploads(before=before)
        except LabError as error:
            _log.warning("unfinished uploads were not dropped: %s", error)
            return
        _log.info("%d unfinished uploads were dropped", dropped)

    def _verify(self) -> None:
        """Sign the head of a chain that holds; name what does not."""
        try:
            *_, verdict = self._system.proofs.verify()
            self._system.proofs.sign(verdict)
        except (LabError, psycopg.Error) as error:
            _log.warning("the log was not verified: %s", error)
            return
        for position in verdict.breaks:
            _log.error("position %d of the log is not as it was recorded", position)
        _log.info(
            "%d rows verified up to %d, head %s", verdict.rows, verdict.position, verdict.head
        )

    def _replay(self) -> None:
        """Fold every read model anew and record where one differs."""
        try:
            for told in self._system.proofs.replay(END):
                self._system.proofs.note(told)
                if told.differences:
                    _log.error("%s differs: `python -m server rebuild`", told.name)
        except (LabError, psycopg.Error) as error:
            _log.warning("the read models were not replayed: %s", error)

    def _prove(self) -> None:
        try:
            differences = prove_guards(self._system.lab.log)
        except LabError as error:
            _log.warning("the guards were not proved: %s", error)
            return
        for difference in differences:
            _log.error("%s", difference)


def notifier(system: System) -> Notifier:
    """Tells channels of what every read model of ``system`` shows."""
    settings = system.settings
    names = {projector.projection.position_name for projector in system.projectors}

    def shown() -> int:
        found = [row.position for row in system.queries.positions() if row.name in names]
        return min(found, default=0)

    return Notifier(
        system.lab,
        system.deliveries,
        Stories(system.queries, base_url=settings.base_url, sentence=job_sentence),
        shown=shown,
        patience=Patience(tries=settings.notify_tries, first_s=settings.notify_retry_s),
    )


def _tell_skipped(event: object) -> None:
    _log.warning("a scheduled round was skipped because the last one still runs: %s", event)


def run(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT; the exit code."""
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    with system(settings, settings.database_url, connections=CONNECTIONS) as parts:
        worker = Worker(parts)
        worker.start()
        stopping.wait()
        worker.stop()
    return 0
