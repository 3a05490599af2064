"""The pages' one way to the system: typed questions and commands, each done in a thread.

Whoever asks is authenticated anew for every command, so that a page left open can do no more than
its person may now. Not here: what is shown of the answers (``ui/views``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TypeVar

from application import refusals
from application.actor import Actor
from application.commands import compute as compute_commands
from application.commands import experiments as experiment_commands
from application.commands import jobs as job_commands
from application.commands import tasks as task_commands
from application.live import ANY, Change
from application.moments import Moment, PresentOnly
from application.permissions import Action, allowed
from application.queries import Reads
from application.quota_reading import Quota
from application.sight import sees_as
from application.use import Use
from domain.errors import LabError, NotAuthenticated, NotFound
from domain.tasks import fold as fold_task
from domain.users import fold as fold_user
from projections.job_lists import NEWEST, After, JobFilter, JobOrder
from projections.rows import (
    ArtifactRow,
    ExperimentRow,
    JobRow,
    ProviderRow,
    RevisionRow,
    TaskRow,
)
from projections.telemetry_queries import (
    CurveRow,
    Points,
    ProgressRow,
    between,
    downsample,
)
from providers.base import Check, Offer
from ui.answers import JobPage, Me, Names, OwnAccount
from ui.counts import Counts
from ui.session import authenticated
from ui.shared import Shared
from ui.threads import in_thread
from ui.views.previews import Preview, preview, wanted_bytes

__all__ = ["Gateway", "JobPage", "Me", "Names", "OwnAccount", "in_thread"]

Answer = TypeVar("Answer")
PAGE = 50
BUCKETS = 500
SHOWN_WITHIN_S = 3.0


class Gateway:
    """For one open page, on behalf of whoever holds the session ``secret``."""

    def __init__(
        self,
        use: Use,
        actor: Actor,
        secret: str,
        shared: Shared,
        past: Reads | None = None,
    ) -> None:
        self._use = use
        self._actor = actor
        self._reads = past or Reads(use.lab, use.queries, use.telemetry)
        moment = self._reads.moment
        self.desks = use.desks.at(moment.position) if moment else use.desks
        self._secret = secret
        self.shared = shared if not past else Shared(counts=Counts(past))

    @property
    def team(self) -> str:
        return self._actor.team

    @property
    def actor(self) -> Actor:
        """Who the page was built for; commands find out anew."""
        return self._actor

    @property
    def reads(self) -> Reads:
        return self._reads

    @property
    def use(self) -> Use:
        return self._use

    @property
    def moment(self) -> Moment | None:
        """When it is on this page; ``None``: now."""
        return self._reads.moment

    def may(self, action: Action) -> bool:
        """Whether the role allows ``action``; commands ask again. In the past one only reads."""
        past = self.moment is not None and action not in (Action.READ, Action.READ_LOG)
        return not past and allowed(self._actor, action)

    async def me(self) -> Me:
        def ask() -> Me:
            found = self._reads.me(self._actor)
            return Me(
                name=found.person.name,
                email=found.person.email,
                team=found.team,
                teams=found.teams,
            )

        return await in_thread(ask)

    async def own_account(self) -> OwnAccount:
        def ask() -> OwnAccount:
            lab = self._use.lab
            user = fold_user(lab.log.stream(self._actor.user))
            found = lab.credentials.find(self._secret)
            tokens = self._reads.tokens(self._actor)
            return OwnAccount(
                sessions=list(self._reads.sessions(self._actor)),
                current=found.id if found else "",
                verified=user.verified,
                linked=[issuer for issuer, _ in user.identities],
                linkable=lab.identities.all(),
                sends_mail=lab.mailer.configured or self._use.development,
                tokens=[t.row for t in tokens if t.row.revoked_at is None],
            )

        return await in_thread(ask)

    async def names(self) -> Names:
        def ask() -> Names:
            reads, actor = self._reads, self._actor
            return Names(
                experiments={e.id: e.name for e in reads.experiments(actor, archived=True)},
                providers={p.id: p.name for p in reads.providers(actor)},
                people={m.person.id: m.person.name for m in reads.members(actor)},
            )

        return await in_thread(ask)

    async def jobs(
        self, where: JobFilter, *, after: str = "", order: JobOrder = NEWEST, limit: int = PAGE
    ) -> JobPage:
        """In ``order``; ``after`` is an earlier page's ``older``."""

        def ask() -> JobPage:
            place = _after(after, order)
            rows = self._reads.jobs(self._actor, where, place, limit + 1, order)
            shown, more = rows[:limit], rows[limit:]
            ids = [row.id for row in shown]
            return JobPage(
                rows=shown,
                progress=self._progress(shown),
                marks=self.desks.marks(self._actor, ids),
                older=_cursor(order.place(shown[-1])) if more else "",
            )

        return await in_thread(ask)

    async def job_rows(self, jobs: Sequence[str]) -> list[JobRow]:
        """Those of ``jobs`` that the team has, in that order."""

        def ask() -> list[JobRow]:
            found = []
            for job in jobs:
                with suppress(NotFound):
                    found.append(self._reads.job(self._actor, job))
            return found

        return await in_thread(ask)

    async def job(self, job: str) -> JobRow:
        """``NotFound`` for one that is not, or is another team's."""
        return await in_thread(lambda: self._reads.job(self._actor, job))

    async def job_counts(self) -> Mapping[str, int]:
        return await self.shared.counts.of(self._actor)

    async def progress(self, job: str) -> ProgressRow | None:
        return await in_thread(lambda: self._reads.progress(self._actor, job))

    async def artifacts(self, job: str) -> list[ArtifactRow]:
        return await in_thread(lambda: self._reads.artifacts(self._actor, job))

    async def look_into(self, artifact: ArtifactRow, path: str, size: int) -> Preview:
        """What of a saved file can be shown here."""

        def ask() -> Preview:
            row = self._reads.artifact(self._actor, artifact.id)
            digest = next((str(f["sha256"]) for f in row.files if f["path"] == path), "")
            if not digest:
                raise NotFound(kind="file", id=path)
            wanted = wanted_bytes(path, size)
            read = self._use.lab.blobs.read
            data = b"".join(read(digest, start=0, end=wanted)) if wanted else b""
            return preview(path, data, size=size)

        return await in_thread(ask)

    async def latest_checkpoint(self, job: str) -> ArtifactRow | None:
        return await in_thread(lambda: self._reads.latest_checkpoint(self._actor, job))

    async def curves(self, job: str) -> list[CurveRow]:
        what = (sees_as(self._actor), job)
        return await self.shared.curves.read(what, lambda: self._reads.curves(self._actor, job))

    async def points(
        self, job: str, name: str, *, after: int = 0, span: tuple[int, int] | None = None
    ) -> Points:
        """At most ``2 * BUCKETS`` points of a curve, of the steps in ``span``, with every spike kept."""

        def ask() -> Points:
            found = self._reads.points(self._actor, job, name, after)
            return downsample(between(found, span) if span else found, buckets=BUCKETS)

        what = (sees_as(self._actor), job, name, after, span)
        return await self.shared.points.read(what, ask)

    async def watch(self, wanted: Callable[[Change], bool]) -> AsyncIterator[Change]:
        """News that is ``wanted``, from now on. Begins with ``ANY``: look for yourself once."""
        if self.moment:
            return
        with self._use.live.watch(wanted) as watcher:
            yield ANY
            async for change in watcher.changes():
                yield change

    async def experiments(self, *, archived: bool = False) -> list[ExperimentRow]:
        """With ``archived`` those too."""
        return await in_thread(lambda: self._reads.experiments(self._actor, archived=archived))

    async def experiment(self, id: str) -> ExperimentRow:
        return await in_thread(lambda: self._reads.experiment(self._actor, id))

    async def tasks(self, *, experiment: str = "") -> list[TaskRow]:
        return await in_thread(lambda: self._reads.tasks(self._actor, experiment))

    async def task(self, task: str) -> TaskRow:
        return await in_thread(lambda: self._reads.task(self._actor, task))

    async def revisions(self, task: str) -> list[RevisionRow]:
        return await in_thread(lambda: self._reads.revisions(self._actor, task))

    async def providers(self) -> list[ProviderRow]:
        return await in_thread(lambda: self._reads.providers(self._actor))

    async def check(self, provider: str) -> Check:
        """Ask the provider itself; ``ProviderError`` when it cannot be asked."""
        return await in_thread(lambda: self._reads.check(self._actor, provider))

    async def offers(self, provider: str) -> Sequence[Offer]:
        return await in_thread(lambda: self._reads.offers(self._actor, provider))

    async def kinds(self) -> Sequence[str]:
        return await in_thread(lambda: self._reads.provider_kinds(self._actor))

    async def quota(self) -> Quota:
        """This month's of the team and of the person."""
        return await in_thread(lambda: self._reads.quota(self._actor))

    async def stop(self, job: str) -> None:
        await self.do(lambda actor: job_commands.stop_job(self._use.lab, actor, job))

    async def rerun(self, job: str, *, checkpoint: str = "") -> str:
        """The new job's id."""
        return await self.do(
            lambda actor: job_commands.rerun_job(self._use.lab, actor, job, checkpoint=checkpoint)
        )

    async def launch_all(self, wishes: Sequence[job_commands.Launch]) -> Sequence[str]:
        """The new jobs' ids: every one is queued, or none is."""
        return await self.do(lambda actor: job_commands.queue_jobs(self._use.lab, actor, wishes))

    async def create_task(self, *, experiment: str, yaml: str) -> str:
        return await self.do(
            lambda actor: task_commands.create_task(
                self._use.lab, actor, experiment=experiment, yaml=yaml
            )
        )

    async def revise_task(self, task: str, *, yaml: str) -> int:
        """The number of the latest revision after it."""

        def revise(actor: Actor) -> int:
            task_commands.revise_task(self._use.lab, actor, task, yaml=yaml)
            return fold_task(self._use.lab.log.stream(task)).latest.number

        return await self.do(revise)

    async def restore_task(self, task: str, *, revision: int) -> None:
        await self.do(
            lambda actor: task_commands.restore_task(self._use.lab, actor, task, revision=revision)
        )

    async def create_experiment(self, name: str) -> str:
        return await self.do(
            lambda actor: experiment_commands.create_experiment(self._use.lab, actor, name=name)
        )

    async def set_enabled(self, provider: str, *, on: bool) -> None:
        change = compute_commands.enable_provider if on else compute_commands.disable_provider
        await self.do(lambda actor: change(self._use.lab, actor, provider))

    def _progress(self, rows: Sequence[JobRow]) -> dict[str, ProgressRow]:
        running = [row.id for row in rows if row.status == "RUNNING"]
        found = ((job, self._use.telemetry.progress(job)) for job in running)
        return {job: progress for job, progress in found if progress}

    async def do(self, command: Callable[[Actor], Answer]) -> Answer:
        """Run a command as whoever the session is now; return when pages can read what it did."""

        def run() -> tuple[Answer, int]:
            if self.moment:
                raise PresentOnly(what="a change")
            actor = authenticated(self._use, self._secret, self._actor.team)
            if actor is None or actor.team != self._actor.team:
                raise NotAuthenticated(why="this session has ended")
            with self._noting(actor):
                return command(actor), self._use.lab.log.head()

        answer, position = await in_thread(run)
        await self._use.shown(position, within_s=SHOWN_WITHIN_S)
        return answer

    @contextmanager
    def _noting(self, actor: Actor) -> Iterator[None]:
        """What is refused as an attack would be is noted, as everywhere."""
        try:
            yield
        except LabError as error:
            if error.noted:
                refusals.note(error.noted, by=actor.by, asked="a page", client="")
            raise


def _cursor(place: After) -> str:
    at = place.at.isoformat() if isinstance(place.at, datetime) else place.at
    return f"{at}~{place.id}"


def _after(cursor: str, order: JobOrder) -> After | None:
    at, _, id = cursor.rpartition("~")
    try:
        if not at or "\0" in cursor:
            return None
        if order.by == "queued":
            return After(datetime.fromisoformat(at), id)
        return After(at if order.by == "name" else float(at), id)
    except ValueError:
        return None  # a cursor somebody wrote by hand: begin at the first
