"""Task: a reusable specification with immutable revisions. Jobs copy a revision, so editing changes no job."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from domain.errors import NotFound
from domain.job_spec import FrozenFile
from domain.model import Envelope, Event, Guard, GuardKind


class TaskCreated(Event, frozen=True, kw_only=True, tag="task.created.v1"):
    team: str
    experiment: str
    name: str


class TaskRevised(Event, frozen=True, kw_only=True, tag="task.revised.v1"):
    """Revision ``number`` (from 1): what the person wrote, and the files next to it by content hash."""

    number: int
    yaml: str
    files: tuple[FrozenFile, ...] = ()
    restored_from: int = 0


class TaskArchived(Event, frozen=True, kw_only=True, tag="task.archived.v1"):
    pass


TaskEvent: TypeAlias = TaskCreated | TaskRevised | TaskArchived
EVENTS: tuple[type[Event], ...] = get_args(TaskEvent)


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """``revisions`` are kept whole: tasks have few, and restoring one needs its text."""

    id: str = ""
    version: int = 0
    team: str = ""
    experiment: str = ""
    name: str = ""
    revisions: tuple[TaskRevised, ...] = ()
    archived: bool = False

    def evolve(self, event: Event) -> Task:
        s = replace(self, id=event.originator_id, version=event.originator_version)
        match event:
            case TaskCreated():
                return replace(s, team=event.team, experiment=event.experiment, name=event.name)
            case TaskRevised():
                return replace(s, revisions=(*s.revisions, event))
            case TaskArchived():
                return replace(s, archived=True)
        return s

    @property
    def latest(self) -> TaskRevised:
        return self.revision(0)

    def revision(self, number: int) -> TaskRevised:
        """Revision ``number``; 0 is the latest. Refused when there is none."""
        if not self.revisions or number > len(self.revisions) or number < 0:
            raise NotFound(kind="task revision", id=f"{self.id}@{number}")
        return self.revisions[number - 1]

    def revise(
        self, yaml: str, files: tuple[FrozenFile, ...], *, now: datetime, by: str
    ) -> list[TaskEvent]:
        """A new revision; the same text and files as the latest are none."""
        if self.revisions and (self.latest.yaml, self.latest.files) == (yaml, files):
            return []
        number = len(self.revisions) + 1
        return [TaskRevised(number=number, yaml=yaml, files=files, **self._next(now, by))]

    def restore(self, number: int, *, now: datetime, by: str) -> list[TaskEvent]:
        """A new revision equal to an old one."""
        old = self.revision(number)
        if (self.latest.yaml, self.latest.files) == (old.yaml, old.files):
            return []
        new = len(self.revisions) + 1
        return [
            TaskRevised(
                number=new,
                yaml=old.yaml,
                files=old.files,
                restored_from=number,
                **self._next(now, by),
            )
        ]

    def archive(self, *, now: datetime, by: str) -> list[TaskEvent]:
        """Hide it from lists; its revisions and jobs stay."""
        return [] if self.archived else [TaskArchived(**self._next(now, by))]

    def _next(self, now: datetime, by: str) -> Envelope:
        return {
            "originator_id": self.id,
            "originator_version": self.version + 1,
            "at": now,
            "by": by,
        }


def fold(events: Iterable[Event]) -> Task:
    task = Task()
    for event in events:
        task = task.evolve(event)
    return task


def unique_name(experiment: str, name: str, task: str, *, take: int = 1) -> Guard:
    """The guard that keeps task names unique in an experiment; ``take=-1`` frees the name."""
    return Guard(GuardKind.UNIQUE, f"task:{experiment}:{name}", take, ref=task)
