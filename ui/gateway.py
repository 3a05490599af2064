"""The pages' one way to the system: typed questions and commands, each done in a thread.

Whoever asks is authenticated anew for every command, so that a page left open can do no more than
its person may now. Not here: what is shown of the answers (``ui/views``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from application.actor import Actor
from application.commands import compute as compute_commands
from application.commands import experiments as experiment_commands
from application.commands import jobs as job_commands
from application.commands import tasks as task_commands
from application.live import ANY, Change
from application.permissions import Action, allowed, require, require_own
from application.use import Use
from domain.errors import NotAuthenticated, NotFound
from domain.model import Event
from domain.quotas import scopes
from domain.tasks import fold as fold_task
from projections.queries import After, JobFilter
from projections.rows import (
    ArtifactRow,
    ExperimentRow,
    JobRow,
    ProviderRow,
    QuotaRow,
    RevisionRow,
    TaskRow,
    TeamRow,
)
from projections.telemetry_queries import CurveRow, LineRow, Points, ProgressRow, downsample
from providers.base import Check, Offer
from ui.session import authenticated

Answer = TypeVar("Answer")
PAGE = 50
BUCKETS = 500
SHOWN_AFTER_S = 3.0
LOOK_S = 0.02


async def in_thread(do: Callable[[], Answer]) -> Answer:
    """Run blocking work off the event loop."""
    return await run_in_threadpool(do)


@dataclass(frozen=True, kw_only=True)
class JobPage:
    """One page of jobs. ``older`` continues it (empty at the end)."""

    rows: Sequence[JobRow]
    counts: Mapping[str, int]
    progress: Mapping[str, ProgressRow]
    older: str


@dataclass(frozen=True, kw_only=True)
class Names:
    """What ids are called, for lists."""

    experiments: Mapping[str, str]
    providers: Mapping[str, str]
    people: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Me:
    """The person at the page and where they act."""

    name: str
    email: str
    team: TeamRow | None
    teams: Sequence[TeamRow]


class Gateway:
    """For one open page, on behalf of whoever holds the session ``secret``."""

    def __init__(self, use: Use, actor: Actor, secret: str) -> None:
        self._use = use
        self._actor = actor
        self._secret = secret

    @property
    def team(self) -> str:
        return self._actor.team

    def may(self, action: Action) -> bool:
        """Whether the role allows ``action``; commands ask again."""
        return allowed(self._actor, action)

    async def me(self) -> Me:
        def ask() -> Me:
            teams = self._use.queries.teams_of(self._actor.user)
            row = self._use.queries.user(self._actor.user)
            opened = self._use.lab.vault.open
            return Me(
                name=opened(row.id, row.name_sealed) if row else "",
                email=opened(row.id, row.email_sealed) if row else "",
                team=next((t for t in teams if t.id == self.team), None),
                teams=teams,
            )

        return await in_thread(ask)

    async def names(self) -> Names:
        def ask() -> Names:
            queries = self._use.queries
            experiments = queries.experiments(self.team, archived=True)
            return Names(
                experiments={e.id: e.name for e in experiments},
                providers={p.id: p.name for p in queries.providers(self.team)},
                people={
                    m.user_id: self._use.lab.vault.open(m.user_id, m.name_sealed)
                    for m in queries.members(self.team)
                },
            )

        return await self._read(ask)

    async def jobs(self, where: JobFilter, *, after: str = "") -> JobPage:
        """Newest first; ``after`` is an earlier page's ``older``."""

        def ask() -> JobPage:
            queries = self._use.queries
            rows = queries.jobs(self.team, where, after=_after(after), limit=PAGE + 1)
            shown, more = rows[:PAGE], rows[PAGE:]
            return JobPage(
                rows=shown,
                counts=queries.job_counts(self.team),
                progress=self._progress(shown),
                older=f"{shown[-1].queued_at.isoformat()}~{shown[-1].id}" if more else "",
            )

        return await self._read(ask)

    async def job(self, job: str) -> JobRow:
        """``NotFound`` for one that is not, or is another team's."""
        return await self._read(lambda: self._job(job))

    async def job_counts(self) -> Mapping[str, int]:
        return await self._read(lambda: self._use.queries.job_counts(self.team))

    async def facts(self, job: str) -> list[Event]:
        """Everything recorded of a job, in order."""

        def ask() -> list[Event]:
            self._job(job)
            return self._use.lab.log.stream(job)

        return await self._read(ask)

    async def progress(self, job: str) -> ProgressRow | None:
        def ask() -> ProgressRow | None:
            self._job(job)
            return self._use.telemetry.progress(job)

        return await self._read(ask)

    async def artifacts(self, job: str) -> list[ArtifactRow]:
        def ask() -> list[ArtifactRow]:
            self._job(job)
            return self._use.queries.artifacts(job)

        return await self._read(ask)

    async def latest_checkpoint(self, job: str) -> ArtifactRow | None:
        def ask() -> ArtifactRow | None:
            self._job(job)
            return self._use.queries.latest_checkpoint(job)

        return await self._read(ask)

    async def lines(
        self, job: str, *, attempt: int, after: int, limit: int = 1_000
    ) -> list[LineRow]:
        """Log lines above number ``after``; a negative ``after`` counts back from the end."""

        def ask() -> list[LineRow]:
            self._job(job)
            told = self._use.telemetry
            start = max(0, told.last_line(job, attempt=attempt) + after) if after < 0 else after
            return told.lines(job, attempt=attempt, after=start, limit=limit)

        return await self._read(ask)

    async def curves(self, job: str) -> list[CurveRow]:
        def ask() -> list[CurveRow]:
            self._job(job)
            return self._use.telemetry.curves(job)

        return await self._read(ask)

    async def points(self, job: str, name: str, *, after: int = 0) -> Points:
        """At most ``2 * BUCKETS`` points of a curve, with every spike kept."""

        def ask() -> Points:
            self._job(job)
            found = self._use.telemetry.points(job, name, after=after)
            return downsample(found, buckets=BUCKETS)

        return await self._read(ask)

    async def watch(self, wanted: Callable[[Change], bool]) -> AsyncIterator[Change]:
        """News that is ``wanted``, from now on. Begins with ``ANY``: look for yourself once."""
        with self._use.live.watch() as watcher:
            yield ANY
            async for change in watcher.changes():
                if wanted(change):
                    yield change

    async def experiments(self) -> list[ExperimentRow]:
        return await self._read(lambda: self._use.queries.experiments(self.team))

    async def tasks(self, *, experiment: str = "") -> list[TaskRow]:
        return await self._read(lambda: self._use.queries.tasks(self.team, experiment=experiment))

    async def task(self, task: str) -> TaskRow:
        def ask() -> TaskRow:
            row = self._use.queries.task(task)
            require_own(self._actor, row.team if row else "", kind="task", id=task)
            if row is None:
                raise NotFound(kind="task", id=task)
            return row

        return await self._read(ask)

    async def revisions(self, task: str) -> list[RevisionRow]:
        await self.task(task)
        return await self._read(lambda: self._use.queries.revisions(task))

    async def providers(self) -> list[ProviderRow]:
        return await self._read(lambda: self._use.queries.providers(self.team))

    async def check(self, provider: str) -> Check:
        """Ask the provider itself; ``ProviderError`` when it cannot be asked."""

        def ask() -> Check:
            compute_commands.own_provider(self._use.lab, self._actor, provider, Action.READ)
            return self._use.lab.providers.of(provider).check()

        return await self._read(ask)

    async def offers(self, provider: str) -> Sequence[Offer]:
        def ask() -> Sequence[Offer]:
            compute_commands.own_provider(self._use.lab, self._actor, provider, Action.READ)
            return self._use.lab.providers.of(provider).offers()

        return await self._read(ask)

    async def kinds(self) -> Sequence[str]:
        return await self._read(self._use.lab.providers.kinds)

    async def quotas(self) -> tuple[QuotaRow, QuotaRow]:
        """This month's of the team and of the person."""

        def ask() -> tuple[QuotaRow, QuotaRow]:
            now = self._use.lab.clock.now()
            team, mine = scopes(team=self.team, user=self._actor.user, at=now)
            rows = {row.scope: row for row in self._use.queries.quotas([team, mine])}
            return (
                rows.get(team, QuotaRow(scope=team, limit_s=self._default_limit_s())),
                rows.get(mine, QuotaRow(scope=mine)),
            )

        return await self._read(ask)

    async def stop(self, job: str) -> None:
        await self._do(lambda actor: job_commands.stop_job(self._use.lab, actor, job))

    async def rerun(self, job: str, *, checkpoint: str = "") -> str:
        """The new job's id."""
        return await self._do(
            lambda actor: job_commands.rerun_job(self._use.lab, actor, job, checkpoint=checkpoint)
        )

    async def launch(self, launch: job_commands.Launch) -> str:
        """The new job's id."""
        return await self._do(lambda actor: job_commands.queue_job(self._use.lab, actor, launch))

    async def create_task(self, *, experiment: str, yaml: str) -> str:
        return await self._do(
            lambda actor: task_commands.create_task(
                self._use.lab, actor, experiment=experiment, yaml=yaml
            )
        )

    async def revise_task(self, task: str, *, yaml: str) -> int:
        """The number of the latest revision after it."""

        def revise(actor: Actor) -> int:
            task_commands.revise_task(self._use.lab, actor, task, yaml=yaml)
            return fold_task(self._use.lab.log.stream(task)).latest.number

        return await self._do(revise)

    async def restore_task(self, task: str, *, revision: int) -> None:
        await self._do(
            lambda actor: task_commands.restore_task(self._use.lab, actor, task, revision=revision)
        )

    async def create_experiment(self, name: str) -> str:
        return await self._do(
            lambda actor: experiment_commands.create_experiment(self._use.lab, actor, name=name)
        )

    async def set_enabled(self, provider: str, *, on: bool) -> None:
        change = compute_commands.enable_provider if on else compute_commands.disable_provider
        await self._do(lambda actor: change(self._use.lab, actor, provider))

    def _job(self, job: str) -> JobRow:
        row = self._use.queries.job(job)
        if row is None:
            raise NotFound(kind="job", id=job)
        require_own(self._actor, row.team, kind="job", id=job)
        return row

    def _progress(self, rows: Sequence[JobRow]) -> dict[str, ProgressRow]:
        running = [row.id for row in rows if row.status == "RUNNING"]
        found = ((job, self._use.telemetry.progress(job)) for job in running)
        return {job: progress for job, progress in found if progress}

    def _default_limit_s(self) -> int | None:
        minutes = self._use.lab.policy.team_quota_minutes
        return None if minutes is None else minutes * 60

    async def _read(self, ask: Callable[[], Answer]) -> Answer:
        require(self._actor, Action.READ)
        return await in_thread(ask)

    async def _do(self, command: Callable[[Actor], Answer]) -> Answer:
        """Run a command as whoever the session is now; return when pages can read what it did."""

        def run() -> tuple[Answer, int]:
            actor = authenticated(self._use, self._secret, self._actor.team)
            if actor is None or actor.team != self._actor.team:
                raise NotAuthenticated(why="this session has ended")
            return command(actor), self._use.lab.log.head()

        answer, position = await in_thread(run)
        for _ in range(int(SHOWN_AFTER_S / LOOK_S)):
            if await in_thread(lambda: self._use.shows(position)):
                break
            await asyncio.sleep(LOOK_S)
        return answer


def _after(cursor: str) -> After | None:
    at, _, id = cursor.partition("~")
    try:
        return After(datetime.fromisoformat(at), id) if id else None
    except ValueError:
        return None  # a cursor somebody wrote by hand: begin at the newest
