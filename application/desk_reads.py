"""Authorised reads of what people put beside the facts: marks of jobs, kept views, notes, documents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from application.actor import Actor
from application.lab import Lab
from application.permissions import Action, allowed, require, require_on
from application.sight import sees
from domain.errors import InvalidInput, NotFound
from domain.experiments import ExperimentNoted
from domain.experiments import fold as fold_experiment
from projections.artifact_queries import KINDS, ArtifactQueries
from projections.desk_queries import (
    DeskQueries,
    DocumentRow,
    JobMarks,
    LabelCount,
    NotesRow,
    ScoreSpan,
    StatusCount,
    ViewRow,
)
from projections.rows import ArtifactRow


class NotesVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The notes of an experiment as they were saved once."""

    number: int
    text: str
    at: datetime
    by: str


class DeskReads:
    """Safe to share between threads."""

    def __init__(self, lab: Lab, queries: DeskQueries, artifacts: ArtifactQueries) -> None:
        self._lab = lab
        self._queries = queries
        self._artifacts = artifacts

    def at(self, position: int) -> DeskReads:
        """The same reads as of a position. Texts of notes' history are those of now."""
        return DeskReads(self._lab, self._queries.at(position), self._artifacts.at(position))

    def marks(self, actor: Actor, jobs: Sequence[str]) -> dict[str, JobMarks]:
        """Of those of ``jobs`` that have any; the caller has seen that they are the team's."""
        require(actor, Action.READ)
        return self._queries.marks(jobs, user=actor.user) if jobs else {}

    def artifacts(
        self,
        actor: Actor,
        *,
        kinds: Sequence[str] = KINDS,
        text: str = "",
        limit: int,
        offset: int = 0,
    ) -> list[ArtifactRow]:
        """Everything the team's jobs saved, latest first."""
        require(actor, Action.READ)
        unknown = sorted(set(kinds) - set(KINDS))
        if unknown:
            way_out = f"Choose from {', '.join(KINDS)}."
            raise InvalidInput(field="kinds", value=unknown[0], way_out=way_out)
        saved = self._artifacts.saved(
            actor.team, kinds=kinds, text=text, limit=limit, offset=offset
        )
        return [row for row in saved if sees(actor, row)]

    def named(self, actor: Actor, kind: str, name: str, *, limit: int) -> list[ArtifactRow]:
        """All that was ever saved of that name, the oldest first; the caller leaves out what is hidden."""
        require(actor, Action.READ)
        return self._artifacts.named(actor.team, kind, name, limit=limit)

    def labels(self, actor: Actor) -> list[LabelCount]:
        require(actor, Action.READ)
        return self._queries.labels(actor.team)

    def views(self, actor: Actor, page: str) -> list[ViewRow]:
        """The actor's own."""
        require(actor, Action.READ)
        return self._queries.views(actor.team, actor.user, page)

    def experiment_counts(self, actor: Actor) -> list[StatusCount]:
        """The team's jobs by experiment and status, of experiments the actor may read."""
        require(actor, Action.READ)
        counts = self._queries.experiment_counts(actor.team)
        return [row for row in counts if allowed(actor, Action.READ, row.experiment)]

    def experiment_scores(self, actor: Actor) -> list[ScoreSpan]:
        """What the team's jobs reported, by experiment."""
        require(actor, Action.READ)
        spans = self._queries.experiment_scores(actor.team)
        return [row for row in spans if allowed(actor, Action.READ, row.experiment)]

    def notes(self, actor: Actor, experiment: str) -> NotesRow:
        """``NotFound`` for an experiment that is not, or another team's."""
        self._own(actor, experiment)
        return self._queries.notes([experiment]).get(experiment) or NotesRow(id=experiment)

    def all_notes(self, actor: Actor, experiments: Sequence[str]) -> dict[str, NotesRow]:
        """The caller has seen that ``experiments`` are the team's."""
        require(actor, Action.READ)
        return self._queries.notes(experiments)

    def notes_history(self, actor: Actor, experiment: str) -> list[NotesVersion]:
        """Newest first."""
        self._own(actor, experiment)
        saved = [e for e in self._lab.log.stream(experiment) if isinstance(e, ExperimentNoted)]
        return [
            NotesVersion(number=number, text=e.text, at=e.at, by=e.by)
            for number, e in reversed(list(enumerate(saved, start=1)))
        ]

    def documents(self, actor: Actor, experiment: str) -> list[DocumentRow]:
        self._own(actor, experiment)
        return self._queries.documents(experiment)

    def document(self, actor: Actor, experiment: str, path: str) -> DocumentRow:
        for row in self.documents(actor, experiment):
            if row.path == path:
                return row
        raise NotFound(kind="document", id=path)

    def _own(self, actor: Actor, experiment: str) -> None:
        team = fold_experiment(self._lab.log.stream(experiment)).team
        require_on(actor, Action.READ, experiment, team=team, kind="experiment", id=experiment)
