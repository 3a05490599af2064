"""Marks of jobs, kept views, and what is written about experiments: on a page's gateway."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from application.actor import Actor
from application.commands import desks, experiments, job_marks
from application.desk_reads import NotesVersion
from domain.job_spec import FrozenFile
from projections.desk_queries import DocumentRow, JobMarks, LabelCount, NotesRow, ViewRow
from ui.gateway import Gateway, in_thread


class DeskGateway:
    """For one open page."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._lab = gateway.use.lab
        self._reads = gateway.desks

    async def marks(self, jobs: Sequence[str]) -> dict[str, JobMarks]:
        """Of those of ``jobs``, which the page was given, that have any."""
        return await in_thread(lambda: self._reads.marks(self._actor, jobs))

    async def labels(self) -> list[LabelCount]:
        return await in_thread(lambda: self._reads.labels(self._actor))

    async def views(self, page: str) -> list[ViewRow]:
        return await in_thread(lambda: self._reads.views(self._actor, page))

    async def notes(self, experiment: str) -> NotesRow:
        return await in_thread(lambda: self._reads.notes(self._actor, experiment))

    async def all_notes(self, experiments: Sequence[str]) -> dict[str, NotesRow]:
        return await in_thread(lambda: self._reads.all_notes(self._actor, experiments))

    async def notes_history(self, experiment: str) -> list[NotesVersion]:
        return await in_thread(lambda: self._reads.notes_history(self._actor, experiment))

    async def documents(self, experiment: str) -> list[DocumentRow]:
        return await in_thread(lambda: self._reads.documents(self._actor, experiment))

    async def tag(self, job: str, label: str) -> None:
        await self._do(lambda a: job_marks.tag_job(self._lab, a, job, label=label))

    async def untag(self, job: str, label: str) -> None:
        await self._do(lambda a: job_marks.untag_job(self._lab, a, job, label=label))

    async def hide(self, jobs: Sequence[str], *, on: bool = True) -> None:
        change = job_marks.hide_job if on else job_marks.unhide_job
        await self._do(lambda a: max(change(self._lab, a, job) for job in jobs))

    async def tag_all(self, jobs: Sequence[str], label: str) -> None:
        tag = job_marks.tag_job
        await self._do(lambda a: max(tag(self._lab, a, job, label=label) for job in jobs))

    async def star(self, job: str, *, on: bool) -> None:
        change = desks.star_job if on else desks.unstar_job
        await self._do(lambda a: change(self._lab, a, job))

    async def save_view(self, page: str, name: str, query: str) -> None:
        save = desks.save_view
        await self._do(lambda a: save(self._lab, a, page=page, name=name, query=query))

    async def delete_view(self, page: str, name: str) -> None:
        await self._do(lambda a: desks.delete_view(self._lab, a, page=page, name=name))

    async def rename(self, experiment: str, name: str) -> None:
        await self._do(lambda a: experiments.rename_experiment(self._lab, a, experiment, name=name))

    async def archive(self, experiment: str, *, on: bool = True) -> None:
        change = experiments.archive_experiment if on else experiments.restore_experiment
        await self._do(lambda a: change(self._lab, a, experiment))

    async def describe(self, experiment: str, text: str) -> None:
        await self._do(
            lambda a: experiments.describe_experiment(self._lab, a, experiment, text=text)
        )

    async def note(self, experiment: str, text: str, *, instead_of: str) -> None:
        """``Conflict`` when somebody else saved meanwhile."""
        note = experiments.note_experiment
        await self._do(lambda a: note(self._lab, a, experiment, text=text, instead_of=instead_of))

    async def choose_score(self, experiment: str, name: str, *, lower_is_better: bool) -> None:
        choose = experiments.choose_score
        await self._do(
            lambda a: choose(self._lab, a, experiment, name=name, lower_is_better=lower_is_better)
        )

    async def attach(self, experiment: str, path: str, data: bytes) -> None:
        """Store the bytes and put them beside the notes."""

        def attach(actor: Actor) -> int:
            sha256 = self._lab.blobs.put(data)
            self._lab.holdings.hold(actor.team, sha256)
            file = FrozenFile(path=path, sha256=sha256, size=len(data))
            return experiments.attach_document(self._lab, actor, experiment, file=file)

        await self._do(attach)

    async def reattach(self, experiment: str, row: DocumentRow) -> None:
        """Put back what was removed: its bytes are still there."""
        file = FrozenFile(path=row.path, sha256=row.sha256, size=row.size)
        attach = experiments.attach_document
        await self._do(lambda a: attach(self._lab, a, experiment, file=file))

    async def detach(self, experiment: str, path: str) -> None:
        remove = experiments.remove_document
        await self._do(lambda a: remove(self._lab, a, experiment, path=path))

    @property
    def _actor(self) -> Actor:
        return self._gateway.actor

    async def _do(self, command: Callable[[Actor], int]) -> None:
        await self._gateway.do(command)
