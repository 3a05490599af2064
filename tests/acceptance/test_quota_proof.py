"""Sixteen clients race for two limits through two web processes, one of which is killed, while jobs end.

At every position of the log no scope holds and uses more than its limit, and whoever adds it up,
from the ledgers, from the jobs or by a replay from nothing, comes to what the guards say.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
import psycopg
import pytest

from application.actor import Actor, system
from application.commands.accounts import register_user
from application.commands.budgets import set_budget
from application.commands.compute import reconfigure_provider
from application.commands.job_changes import change_job
from application.commands.members import add_member
from application.commands.quotas import set_quota
from application.commands.sightings import keep_reserved, observe_job
from application.commands.tokens import issue_token
from application.log import EventLog
from application.proof import prove_guards
from domain.budgets import Balance as BudgetBalance
from domain.budgets import BudgetEvent, millionths
from domain.errors import BudgetExceeded
from domain.job_events import JobQueued, JobQuotaExtended, JobSubmitted
from domain.jobs import Job, fold
from domain.model import Event, GuardKind
from domain.observations import Exit, Observation, Phase
from domain.quotas import Balance, QuotaEvent, QuotaThresholdReached, scopes
from domain.teams import Role
from projections.catalogue import PROJECTIONS
from projections.rebuild import compare, replay
from server.following import Follower
from server.postgres.listener import Listener
from tests.acceptance.cluster import PASSWORD, ROOT, Cluster, free_port, wait_until
from tests.acceptance.racing import Race, Told
from tests.acceptance.scratch import scratch_schema

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance]

PROCESSES, CLIENTS = 4, 4
WISHES = 100 if os.environ.get("LAB_LONG_TESTS") == "1" else 12  # a client
BUDGET, RUN = 2.5, "sleep 0.5"
TEAM_MINUTES, RAISED_MINUTES, BEN_MINUTES = 300, 380, 120
SYSTEM = system("test")
E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class At:
    """A clock that stands."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


class Ends(threading.Thread):
    """Lets queued jobs run and end at random until it is told to stop: what a worker would record."""

    def __init__(self, site: Cluster) -> None:
        super().__init__(name="ends")
        self.site, self.dice, self.done = site, random.Random(7), threading.Event()
        self.seen, self.ended, self.failure = set[str](), 0, ""

    def run(self) -> None:
        try:
            while not self.done.is_set():
                self._once()
        except BaseException as error:  # told to the test, which fails of it
            self.failure = repr(error)
            raise

    def _once(self) -> None:
        log = self.site.parts.lab.log
        jobs = [j for j in queued_jobs(log) if j not in self.seen]
        for job in self.dice.sample(jobs, len(jobs) // 2):
            self.seen.add(job)
            self._live(job)
            self.ended += 1
        self.done.wait(0.02)

    def _live(self, job: str) -> None:
        """It waits for a machine, holds one, and ends: in time, or after it asked for more."""
        lab, wait_s = self.site.parts.lab, self.dice.randint(0, 100_000)
        change_job(lab, job, lambda j: j.launch(now=lab.clock.now(), by=SYSTEM.by), actor=SYSTEM)
        state = fold(lab.log.stream(job))
        held = lab.clock.now() + timedelta(seconds=wait_s)
        self._look(job, held, Phase.PROVISIONING)
        self._look(job, held, Phase.RUNNING)
        if self.dice.random() < 0.4:
            now = held + timedelta(seconds=state.hold.seconds)
            keep_reserved(replace(lab, clock=At(now)), job)
            state = fold(lab.log.stream(job))
        ends = held + timedelta(seconds=self.dice.randint(0, state.hold.seconds))
        end = self.dice.choice((Exit(code=0), Exit(code=1), Exit(signal=9)))
        self._look(job, ends, Phase.ENDED, end)

    def _look(self, job: str, at: datetime, phase: Phase, end: Exit | None = None) -> None:
        lab = replace(self.site.parts.lab, clock=At(at))
        seen = Observation(attempt=1, phase=phase, at=at, source="provider", exit=end)
        observe_job(lab, job, seen, actor=SYSTEM)


@pytest.fixture
def site(lab_cluster: Cluster) -> Iterator[Cluster]:
    """Read models follow; two web processes answer; nothing launches by itself."""
    follower = Follower(lab_cluster.parts.projectors, after=lambda: None)
    listener = Listener(lab_cluster.dsn)
    listener.on(f"lab_events_{lab_cluster.schema}", follower.wake)
    follower.start()
    listener.start()
    lab_cluster.start("web")
    yield lab_cluster
    listener.stop()
    follower.stop()


def test_no_prefix_of_the_log_passes_a_limit_and_every_account_agrees(site: Cluster) -> None:
    second = free_port()
    site.start("web", name="second", LAB_PORT=str(second))
    set_quota(site.parts.lab, site.me, limit_minutes=TEAM_MINUTES)
    ben = member(site, "ben@example.org")
    set_quota(site.parts.lab, site.me, limit_minutes=BEN_MINUTES, user=ben.user)
    _, bens_token = issue_token(site.parts.lab, ben, name="ben")

    ends = Ends(site)
    ends.start()
    told = race(site, [site.port, second], [site.token, bens_token])
    ends.done.set()
    ends.join()
    assert ends.failure == ""

    log = site.parts.lab.log
    jobs = {job: fold(log.stream(job)) for job in queued_jobs(log)}
    assert sorted(jobs) == sorted(id for one in told for ids in one.accepted.values() for id in ids)
    assert_no_prefix_passes_a_limit(log)
    assert_the_jobs_add_up_to_the_guards(site, jobs)
    assert prove_guards(log) == []
    assert_a_replay_agrees(site)

    happened = Counter(type(recorded.event) for recorded in log.read(0, 10**6))
    assert ends.ended > 20
    assert sum(one.refused for one in told) > 10
    assert sum(one.broken for one in told) > 0
    assert happened[JobQuotaExtended] > 0
    warnings = [(e.scope, e.limit, e.percent) for e in all_events(log, QuotaThresholdReached)]
    assert warnings
    assert len(set(warnings)) == len(warnings)
    assert all(job.is_over for job in jobs.values() if job.id in ends.seen)


@pytest.fixture
def priced(lab_cluster: Cluster) -> Cluster:
    """A CPU costs 36 an hour, a cent a second; the month has money for four held minutes."""
    settings = {"cpus": 16, "memory_gib": 8, "accelerators": "", "price_per_cpu_hour": 36}
    lab = lab_cluster.parts.lab
    reconfigure_provider(lab, lab_cluster.me, lab_cluster.provider, settings=settings)
    set_budget(lab, lab_cluster.me, limit=BUDGET)
    return lab_cluster


def test_no_prefix_of_the_log_passes_a_budget_though_the_worker_is_killed(priced: Cluster) -> None:
    log = priced.parts.lab.log
    jobs = [priced.queue(RUN, minutes_requested=1) for _ in range(4)]
    with pytest.raises(BudgetExceeded):
        priced.queue(RUN, minutes_requested=1)
    priced.start("worker", failpoint="launch.submitted")
    wait_until(lambda: priced.died("worker"))
    assert priced.forget("worker") != 0
    priced.start("worker")
    wait_until(lambda: any(fold(log.stream(job)).has_machine for job in jobs))
    priced.kill("worker")
    priced.start("worker")
    rows = [priced.ended(job) for job in jobs]
    priced.kill("worker")

    assert [row.status for row in rows] == ["COMPLETE"] * len(jobs)
    assert all(row.cost for row in rows)
    leases = all_events(log, JobSubmitted)
    assert any(lease.adopted for lease in leases)
    assert {(lease.price_per_hour, lease.currency) for lease in leases} == {(36.0, "USD")}
    assert_no_prefix_passes_a_budget(log)
    costs = sum(millionths(row.cost or 0) for row in rows)
    for scope in fold(log.stream(jobs[0])).budget.scopes:
        guard = log.guard(GuardKind.QUOTA, scope)
        assert guard is not None
        assert guard.amount == costs
    assert prove_guards(log) == []
    assert_a_replay_agrees(priced)


def member(site: Cluster, email: str) -> Actor:
    lab = site.parts.lab
    user = register_user(lab, SYSTEM, email=email, name="", password=PASSWORD)
    add_member(lab, site.me, email=email, role=Role.MEMBER)
    return Actor(by=f"user:{user}", user=user, team=site.team, role=Role.MEMBER)


def race(site: Cluster, ports: list[int], tokens: list[str]) -> list[Told]:
    """What the clients were told; meanwhile one web process is killed and the team's limit is raised."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.racing"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(PROCESSES)
    ]  # fmt: skip
    for seed, racer in enumerate(racers):
        assert racer.stdin is not None
        asked = Race(ports=ports, tokens=tokens, seed=seed, clients=CLIENTS, wishes=WISHES)
        racer.stdin.write(msgspec.json.encode(asked))
        racer.stdin.close()
        racer.stdin = None
    log = site.parts.lab.log
    wait_until(lambda: len(queued_jobs(log)) > 30, tell=lambda: f"{len(queued_jobs(log))} jobs")
    site.kill("web")
    set_quota(site.parts.lab, site.me, limit_minutes=RAISED_MINUTES)
    site.start("web")
    answers = [racer.communicate(timeout=240)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * PROCESSES
    return [msgspec.json.decode(answer, type=Told) for answer in answers]


def queued_jobs(log: EventLog) -> list[str]:
    """Every job ever queued, oldest first."""
    return [event.originator_id for event in all_events(log, JobQueued)]


def all_events(log: EventLog, kind: type[E]) -> list[E]:
    return [r.event for r in log.read(0, 10**6) if isinstance(r.event, kind)]


def assert_no_prefix_passes_a_budget(log: EventLog) -> None:
    balances: dict[str, BudgetBalance] = defaultdict(BudgetBalance)
    for recorded in log.read(0, 10**6):
        if isinstance(recorded.event, BudgetEvent):
            scope = recorded.event.scope
            balance = balances[scope] = balances[scope].evolve(recorded.event)
            within = balance.limit is None or balance.used <= balance.limit
            assert within, (recorded.position, scope, balance)
    assert any(balance.limit == millionths(BUDGET) for balance in balances.values())


def assert_no_prefix_passes_a_limit(log: EventLog) -> None:
    balances: dict[str, Balance] = defaultdict(Balance)
    for recorded in log.read(0, 10**6):
        if isinstance(recorded.event, QuotaEvent):
            scope = recorded.event.scope
            balance = balances[scope] = balances[scope].evolve(recorded.event)
            within = balance.limit is None or balance.used <= balance.limit
            assert within, (recorded.position, scope, balance)
    assert len(balances) > 4


def assert_the_jobs_add_up_to_the_guards(site: Cluster, jobs: dict[str, Job]) -> None:
    """Ledgers aside: what live jobs hold and ended ones used, to the second."""
    sums: Counter[str] = Counter()
    for job in jobs.values():
        for scope in job.hold.scopes:
            sums[scope] += used_s(site, job) if job.is_over else job.hold.seconds
    assert set(scopes(team=site.team, user=site.user, at=site.parts.lab.clock.now())) <= set(sums)
    for scope, seconds in sums.items():
        guard = site.parts.lab.log.guard(GuardKind.QUOTA, scope)
        assert guard is not None
        assert guard.amount == seconds, scope


def used_s(site: Cluster, job: Job) -> int:
    end = site.parts.lab.log.stream(job.id)[-1]
    assert job.machine_at is not None
    assert end.used_s == job.used_s(end.at)  # type: ignore[attr-defined]  # the job is over
    return job.used_s(end.at)


def assert_a_replay_agrees(site: Cluster) -> None:
    head = site.parts.lab.log.head()
    wait_until(lambda: all(p.position() >= head for p in site.parts.projectors))
    with (
        scratch_schema(site.dsn, f"{site.schema}_again") as again,
        psycopg.connect(site.dsn, autocommit=True) as conn,
    ):
        for projection in PROJECTIONS:
            replay(conn, projection, again, log_schema=site.schema)
            assert compare(conn, projection, site.schema, again) == []
