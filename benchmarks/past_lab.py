"""A lab's past, generated: teams, people and jobs over a year, the same for the same seed.

Jobs live by the decider of the product, so that every history is one that could have happened.
Not here: what is measured over it (``replay.py``).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import psycopg
from msgspec.structs import replace
from psycopg import sql

from domain import compute, experiments, quotas, tasks, teams, users
from domain.codec import encode
from domain.job_events import JobEvent, JobQueued, JobStatus, QuotaHold, StopReason
from domain.job_spec import JobSpec
from domain.jobs import Job
from domain.model import Event
from domain.observations import Exit, FailureClass, Observation, Phase
from domain.resources import Accelerator, Resources
from server.postgres.chain import Link, digest

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 365
EVENTS_A_JOB = 11.5
"""On average, measured; decides how many jobs are begun for a wanted number of events."""
_COPY = "copy {}.events(notification_id, originator_id, originator_version, topic, state,"
_COPY += " recorded_at, hash) from stdin"
NAMES = ("train", "evaluate", "finetune", "sweep", "preprocess", "distill", "probe", "export")
KINDS = ("A100-80GB", "H100", "L40S", "RTX4090")

Timed = tuple[datetime, int, Event]


@dataclass(frozen=True)
class Place:
    """A team with everything jobs need."""

    team: str
    people: tuple[str, ...]
    homes: tuple[str, ...]
    tasks: tuple[str, ...]
    providers: tuple[str, ...]


@dataclass
class PastLab:
    """``events(n)`` are about ``n`` events in the order of their time."""

    seed: int = 1
    team_count: int = 8
    people_a_team: int = 6
    _random: Random = field(init=False)
    _ids: Iterator[int] = field(default_factory=lambda: count(1))
    _order: Iterator[int] = field(default_factory=lambda: count(1))
    _versions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    def events(self, wanted: int) -> Iterator[Event]:
        """At least ``wanted`` events when that is more than the lab's own few hundred."""
        places = [self._place(n) for n in range(self.team_count)]
        for found, _ in places:
            yield from map(self.numbered, found)
        jobs = max(1, round(wanted / EVENTS_A_JOB))
        gap = timedelta(days=DAYS) / jobs
        waiting: list[Timed] = []
        weights = [1 / (n + 1) for n in range(self.team_count)]  # a few large teams, many small
        for n in range(jobs):
            begun = BEGIN + timedelta(hours=1) + gap * n
            while waiting and waiting[0][0] <= begun:
                yield self.numbered(heapq.heappop(waiting)[2])
            (_, place) = self._random.choices(places, weights)[0]
            facts = self._change(place, begun) if n % 97 == 0 else []
            for fact in [*facts, *self._job(place, begun)]:
                heapq.heappush(waiting, (fact.at, next(self._order), fact))
        while waiting:
            yield self.numbered(heapq.heappop(waiting)[2])

    def numbered(self, event: Event) -> Event:
        """Its place in its stream: as the log would have given it."""
        version = self._versions.get(event.originator_id, 0) + 1
        self._versions[event.originator_id] = version
        return replace(event, originator_version=version)

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._ids):08x}-{self._random.getrandbits(64):016x}"

    def _place(self, number: int) -> tuple[list[Event], Place]:
        made = Place(
            team=self._id("team"),
            people=tuple(self._id("user") for _ in range(self.people_a_team)),
            homes=tuple(self._id("exp") for _ in range(5)),
            tasks=tuple(self._id("task") for _ in range(8)),
            providers=tuple(self._id("prov") for _ in range(3)),
        )
        return [*self._founded(number, made)], made

    def _founded(self, number: int, place: Place) -> Iterator[Event]:
        owner = f"user:{place.people[0]}"
        for n, person in enumerate(place.people):
            sealed = {"email_sealed": f"sealed {person}", "name_sealed": f"sealed name {person}"}
            yield users.UserRegistered(
                email_digest=person, **sealed, **_by(person, f"user:{person}")
            )
            if n == 0:
                named = {"name": f"Team {number}", "slug": f"team-{number}"}
                yield teams.TeamCreated(**named, **_by(place.team, owner))
            role = (teams.Role.OWNER, teams.Role.ADMIN)[n] if n < 2 else teams.Role.MEMBER
            yield teams.MemberAdded(user=person, role=role, **_by(place.team, owner))
        for n, home in enumerate(place.homes):
            yield experiments.ExperimentCreated(
                team=place.team, name=f"line {n}", **_by(home, owner)
            )
        for n, provider in enumerate(place.providers):
            kind = ("local", "slurm", "slurm")[n]
            yield compute.ProviderAdded(
                team=place.team, name=f"{kind}-{n}", kind=kind, **_by(provider, owner)
            )
        for n, task in enumerate(place.tasks):
            home = place.homes[n % len(place.homes)]
            yield tasks.TaskCreated(
                team=place.team, experiment=home, name=NAMES[n], **_by(task, owner)
            )
            yield tasks.TaskRevised(
                number=1, yaml=f"name: {NAMES[n]}\nrun: python train.py\n", **_by(task, owner)
            )

    def _change(self, place: Place, at: datetime) -> list[Event]:
        """What an admin does now and then."""
        pick, owner = self._random, f"user:{place.people[0]}"
        provider, person = pick.choice(place.providers), pick.choice(place.people[1:])
        scope = f"team:{place.team}:{at:%Y-%m}"
        role = pick.choice([teams.Role.ADMIN, teams.Role.MEMBER, teams.Role.VIEWER])
        seconds = pick.randint(100, 900) * 3600
        away = at + timedelta(minutes=pick.randint(1, 90))
        return pick.choice(
            [
                [teams.MemberRoleSet(user=person, role=role, **_by(place.team, owner, at))],
                [quotas.set_limit(scope, minutes=seconds // 60, now=at, by=owner).events[0]],
                [compute.ProviderReconfigured(
                    settings={"slots": pick.randint(1, 64)}, **_by(provider, owner, at))],
                [compute.ProviderUnreachable(
                    reason="Connection timed out.", **_by(provider, "system:poller", at)),
                 compute.ProviderReachable(**_by(provider, "system:poller", away))],
            ]
        )  # fmt: skip

    def _job(self, place: Place, at: datetime) -> list[Event]:
        pick = self._random
        user, provider = pick.choice(place.people), pick.choice(place.providers)
        hold = QuotaHold(
            scopes=quotas.scopes(team=place.team, user=user, at=at),
            seconds=3600 * pick.choice([1, 1, 4, 8]),
            weight=1.0,
        )
        queued = JobQueued(
            team=place.team,
            experiment=pick.choice(place.homes),
            owner=user,
            provider=provider,
            spec=self._spec(),
            hold=hold,
            task=pick.choice(place.tasks),
            task_revision=1,
            cause=f"cmd-{pick.getrandbits(60):015x}",
            **_by(self._id("job"), f"user:{user}", at),
        )
        held = quotas.reserve(hold, job=queued.originator_id, now=at, by=queued.by).events
        facts: list[Event] = [queued, *held]
        job = Job().evolve(queued)
        for decided in self._life(job, at):
            facts.append(decided)
            job = job.evolve(decided)
        if job.is_over:
            facts += quotas.settle(job.hold, facts[-1]).events  # type: ignore[arg-type]  # it ended
        return facts

    def _spec(self) -> JobSpec:
        pick = self._random
        wanted = Resources(
            accelerators=Accelerator(kind=pick.choice(KINDS), count=pick.choice([1, 1, 2, 8])),
            cpus=8,
            memory_gib=64,
        )
        parameters: dict[str, Any] = {
            "lr": round(pick.uniform(1e-5, 1e-2), 6),
            "batch": pick.choice([16, 32, 64]),
            "seed": pick.randint(0, 9999),
        }
        return JobSpec(
            name=f"{pick.choice(NAMES)}-{pick.randint(1, 999)}",
            run="python train.py --config config.yaml",
            setup="pip install -r requirements.txt",
            parameters=parameters,
            resources=wanted,
            timeout_s=8 * 3600,
            priority=pick.choice([50, 50, 50, 70, 20]),
        )

    def _life(self, job: Job, at: datetime) -> Iterator[JobEvent]:
        """Facts until the end, or until the last retry; each told to the job before the next."""
        pick = self._random
        if pick.random() < 0.4:
            at += timedelta(seconds=pick.randint(1, 20))
            waits = job.explain_wait(
                code="no_room:cpus", text="4 of 4 slots are in use.", now=at, by="system:launcher"
            )
            job = yield from _told(job, waits)
        for _ in range(6):
            at += timedelta(seconds=pick.expovariate(1 / 600))
            if pick.random() < 0.04:
                asked = job.request_stop(
                    reason=StopReason.USER, grace_s=30, now=at, by=f"user:{job.owner}"
                )
                yield from asked
                return
            job = yield from _told(job, job.launch(now=at, by="system:launcher"))
            at += timedelta(seconds=1)
            taken = job.submitted(
                attempt=job.attempt, ref=f"ref-{job.token}", now=at, by="system:launcher",
                price_per_hour=2.5, currency="USD",
            )  # fmt: skip
            job = yield from _told(job, taken)
            job, at = yield from self._attempt(job, at)
            if job.status is not JobStatus.QUEUED:
                return

    def _attempt(self, job: Job, at: datetime) -> Iterator[Any]:
        pick, node = self._random, "node"
        seen = Observation(attempt=job.attempt, phase=Phase.SETUP, at=at, source=node, host="n17")
        at += timedelta(seconds=pick.expovariate(1 / 120))
        job = yield from _told(job, job.observe(replace(seen, at=at), now=at, by="node:x"))
        at += timedelta(seconds=pick.expovariate(1 / 60))
        runs = replace(seen, at=at, phase=Phase.RUNNING)
        job = yield from _told(job, job.observe(runs, now=at, by="node:x"))
        at += timedelta(seconds=pick.expovariate(1 / 5400))
        ended = replace(seen, at=at, phase=Phase.ENDED, exit=Exit(code=0))
        luck = pick.random()
        if luck < 0.04:
            lost = FailureClass.NODE_LOST
            ended = replace(seen, at=at, phase=Phase.GONE, blame=lost, reason="Node n17 is down.")
        elif luck < 0.16:
            ended = replace(ended, exit=Exit(code=1))
        job = yield from _told(job, job.observe(ended, now=at, by="node:x"))
        return job, at


def _told(job: Job, facts: list[JobEvent]) -> Iterator[Any]:
    """Each fact, then the job after them."""
    for fact in facts:
        yield fact
        job = job.evolve(fact)
    return job


def _by(stream: str, by: str, at: datetime = BEGIN) -> Any:
    return {"originator_id": stream, "originator_version": 1, "at": at, "by": by}


def fill(conn: psycopg.Connection[Any], schema: str, events: Iterator[Event]) -> int:
    """COPY ``events`` into an empty migrated log as ``lab_append`` would have: chained, guards moved."""
    before, used = b"", dict[str, int]()
    limits, position = dict[str, int](), 0
    query = sql.SQL(_COPY).format(sql.Identifier(schema))
    with conn.cursor() as cursor, cursor.copy(query) as copy:
        for position, event in enumerate(events, 1):
            topic, state = encode(event)
            stream, version = event.originator_id, event.originator_version
            link = Link(position, stream, version, topic, state, event.at, b"")
            before = digest(before, link, 2)
            copy.write_row((*link[:6], before))
            _move(used, limits, event)
    name = sql.Identifier(schema)
    conn.execute("select setval(%s, %s)", (f'"{schema}".events_notification_id_seq', position))
    with conn.cursor() as cursor:
        rows = [(scope, amount, limits.get(scope)) for scope, amount in used.items()]
        guard = "insert into {}.guards(kind, scope, used, lim) values ('quota', %s, %s, %s)"
        cursor.executemany(sql.SQL(guard).format(name), rows)
    conn.execute(sql.SQL("analyze {}.events").format(name))
    return position


def _move(used: dict[str, int], limits: dict[str, int], event: Event) -> None:
    match event:
        case quotas.QuotaReserved() | quotas.QuotaExtended():
            used[event.scope] = used.get(event.scope, 0) + event.seconds
        case quotas.QuotaSettled():
            used[event.scope] = used.get(event.scope, 0) + event.used - event.held
        case quotas.QuotaLimitSet():
            used.setdefault(event.scope, 0)
            limits[event.scope] = event.seconds
