"""Experiment: the top-level container for a line of research. Jobs and tasks refer to it by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from domain.errors import Conflict, InvalidInput, NotFound
from domain.job_spec import FrozenFile
from domain.model import Envelope, Event, Guard, GuardKind

DEFAULT_NAMES = ("alpha", "beta", "gamma")
"""Made with every new team, so that the first launch needs no ceremony."""


DESCRIPTION_AT_MOST = 2_000
NOTES_AT_MOST = 200_000
DOCUMENTS_AT_MOST = 200


class ExperimentCreated(Event, frozen=True, kw_only=True, tag="experiment.created.v1"):
    team: str
    name: str


class ExperimentRenamed(Event, frozen=True, kw_only=True, tag="experiment.renamed.v1"):
    name: str


class ExperimentArchived(Event, frozen=True, kw_only=True, tag="experiment.archived.v1"):
    pass


class ExperimentRestored(Event, frozen=True, kw_only=True, tag="experiment.restored.v1"):
    pass


class ExperimentDescribed(Event, frozen=True, kw_only=True, tag="experiment.described.v1"):
    """What it is about, in a sentence or two."""

    text: str


class ExperimentNoted(Event, frozen=True, kw_only=True, tag="experiment.noted.v1"):
    """Its notes from now on, whole, as Markdown."""

    text: str


class ExperimentScoreChosen(Event, frozen=True, kw_only=True, tag="experiment.score_chosen.v1"):
    """By which reported score its jobs are compared; an empty ``name`` by none."""

    name: str
    lower_is_better: bool = False


class DocumentAttached(Event, frozen=True, kw_only=True, tag="experiment.document_attached.v1"):
    """A file beside the notes; one of the same path is replaced."""

    file: FrozenFile


class DocumentRemoved(Event, frozen=True, kw_only=True, tag="experiment.document_removed.v1"):
    path: str


ExperimentEvent: TypeAlias = (
    ExperimentCreated
    | ExperimentRenamed
    | ExperimentArchived
    | ExperimentRestored
    | ExperimentDescribed
    | ExperimentNoted
    | ExperimentScoreChosen
    | DocumentAttached
    | DocumentRemoved
)
EVENTS: tuple[type[Event], ...] = get_args(ExperimentEvent)


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    version: int = 0
    team: str = ""
    name: str = ""
    archived: bool = False
    description: str = ""
    notes: str = ""
    score: str = ""
    lower_is_better: bool = False
    documents: Mapping[str, FrozenFile] = {}
    """By path."""

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
        return s._evolve_content(event)

    def _evolve_content(self, event: Event) -> Experiment:
        match event:
            case ExperimentDescribed():
                return replace(self, description=event.text)
            case ExperimentNoted():
                return replace(self, notes=event.text)
            case ExperimentScoreChosen():
                return replace(self, score=event.name, lower_is_better=event.lower_is_better)
            case DocumentAttached():
                return replace(self, documents={**self.documents, event.file.path: event.file})
            case DocumentRemoved():
                left = {k: v for k, v in self.documents.items() if k != event.path}
                return replace(self, documents=left)
        return self

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

    def describe(self, text: str, *, now: datetime, by: str) -> list[ExperimentEvent]:
        self._must_exist()
        _short_enough("description", text, DESCRIPTION_AT_MOST)
        same = text == self.description
        return [] if same else [ExperimentDescribed(text=text, **self._next(now, by))]

    def note(
        self, text: str, *, now: datetime, by: str, instead_of: str | None = None
    ) -> list[ExperimentEvent]:
        """Replace the notes. ``instead_of`` is the text that was edited: refused when it is not it."""
        self._must_exist()
        _short_enough("notes", text, NOTES_AT_MOST)
        if text == self.notes:
            return []
        if instead_of is not None and instead_of != self.notes:
            raise Conflict(stream=self.id)
        return [ExperimentNoted(text=text, **self._next(now, by))]

    def choose_score(
        self, name: str, *, lower_is_better: bool, now: datetime, by: str
    ) -> list[ExperimentEvent]:
        self._must_exist()
        if (name, lower_is_better) == (self.score, self.lower_is_better):
            return []
        fact = ExperimentScoreChosen(
            name=name, lower_is_better=lower_is_better, **self._next(now, by)
        )
        return [fact]

    def attach(self, file: FrozenFile, *, now: datetime, by: str) -> list[ExperimentEvent]:
        self._must_exist()
        if self.documents.get(file.path) == file:
            return []
        if len(self.documents) >= DOCUMENTS_AT_MOST and file.path not in self.documents:
            way_out = f"An experiment has at most {DOCUMENTS_AT_MOST} documents; remove one first."
            raise InvalidInput(field="path", value=file.path, way_out=way_out)
        return [DocumentAttached(file=file, **self._next(now, by))]

    def detach(self, path: str, *, now: datetime, by: str) -> list[ExperimentEvent]:
        self._must_exist()
        return [DocumentRemoved(path=path, **self._next(now, by))] if path in self.documents else []

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


def _short_enough(field: str, text: str, most: int) -> None:
    if len(text) > most or "\0" in text:
        way_out = f"Give at most {most:,} characters, without NUL."
        raise InvalidInput(field=field, value=f"{len(text):,} characters", way_out=way_out)


def fold(events: Iterable[Event]) -> Experiment:
    experiment = Experiment()
    for event in events:
        experiment = experiment.evolve(event)
    return experiment


def unique_name(team: str, name: str, experiment: str, *, take: int = 1) -> Guard:
    """The guard that keeps names unique in a team; ``take=-1`` frees the name."""
    return Guard(GuardKind.UNIQUE, f"experiment:{team}:{name}", take, ref=experiment)
