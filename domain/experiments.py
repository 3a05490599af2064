"""Experiment: the top-level container for a line of research. Jobs and tasks refer to it by id."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from domain.errors import NotFound
from domain.model import Envelope, Event, Guard, GuardKind

DEFAULT_NAMES = ("alpha", "beta", "gamma")
"""Made with every new team, so that the first launch needs no ceremony."""


class ExperimentCreated(Event, frozen=True, kw_only=True, tag="experiment.created.v1"):
    team: str
    name: str


class ExperimentRenamed(Event, frozen=True, kw_only=True, tag="experiment.renamed.v1"):
    name: str


class ExperimentArchived(Event, frozen=True, kw_only=True, tag="experiment.archived.v1"):
    pass


class ExperimentRestored(Event, frozen=True, kw_only=True, tag="experiment.restored.v1"):
    pass


ExperimentEvent: TypeAlias = (
    ExperimentCreated | ExperimentRenamed | ExperimentArchived | ExperimentRestored
)
EVENTS: tuple[type[Event], ...] = get_args(ExperimentEvent)


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    version: int = 0
    team: str = ""
    name: str = ""
    archived: bool = False

    def evolve(self, event: Event) -> Experiment:
        s = replace(self, id=event.originator_id, version=event.originator_version)
        match event:
            case ExperimentCreated():
                return replace(s, team=event.team, name=event.name)
            case ExperimentRenamed():
                return replace(s, name=event.name)
            case ExperimentArchived():
                return replace(s, archived=True)
            case ExperimentRestored():
                return replace(s, archived=False)
        return s

    def rename(self, name: str, *, now: datetime, by: str) -> list[ExperimentEvent]:
        self._must_exist()
        return [] if name == self.name else [ExperimentRenamed(name=name, **self._next(now, by))]

    def archive(self, *, now: datetime, by: str) -> list[ExperimentEvent]:
        """Hide it from lists; its jobs and their log stay."""
        self._must_exist()
        return [] if self.archived else [ExperimentArchived(**self._next(now, by))]

    def restore(self, *, now: datetime, by: str) -> list[ExperimentEvent]:
        self._must_exist()
        return [ExperimentRestored(**self._next(now, by))] if self.archived else []

    def _must_exist(self) -> None:
        if not self.version:
            raise NotFound(kind="experiment", id=self.id)

    def _next(self, now: datetime, by: str) -> Envelope:
        return {
            "originator_id": self.id,
            "originator_version": self.version + 1,
            "at": now,
            "by": by,
        }


def fold(events: Iterable[Event]) -> Experiment:
    experiment = Experiment()
    for event in events:
        experiment = experiment.evolve(event)
    return experiment


def unique_name(team: str, name: str, experiment: str, *, take: int = 1) -> Guard:
    """The guard that keeps names unique in a team; ``take=-1`` frees the name."""
    return Guard(GuardKind.UNIQUE, f"experiment:{team}:{name}", take, ref=experiment)
