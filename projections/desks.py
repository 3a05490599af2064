"""What people put beside the facts: tags, favourites, kept views, notes and documents of experiments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain import desks, experiments, job_marks
from domain.model import Event
from projections.base import Column, Patch, Projection, SqlType, Table, Value

Row = dict[str, Value]
BIGINT, TIME, BOOLEAN = SqlType.BIGINT, SqlType.TIMESTAMPTZ, SqlType.BOOLEAN

TABLES = (
    Table(
        name="job_tags",
        columns=(Column(name="team"), Column(name="job"), Column(name="label")),
        indexes=("team, label, job", "job"),
    ),
    Table(name="hidden_jobs", columns=(Column(name="team"),), indexes=("team",)),
    Table(
        name="starred_jobs",
        columns=(
            Column(name="team"),
            Column(name="user_id"),
            Column(name="job"),
            Column(name="at", type=TIME),
        ),
        indexes=("user_id, team, job",),
    ),
    Table(
        name="views",
        columns=(
            Column(name="team"),
            Column(name="user_id"),
            Column(name="page"),
            Column(name="name"),
            Column(name="query"),
            Column(name="saved_at", type=TIME),
        ),
        indexes=("user_id, team, page",),
    ),
    Table(
        name="experiment_notes",
        columns=(
            Column(name="description"),
            Column(name="text"),
            Column(name="noted_at", type=TIME),
            Column(name="noted_by"),
            Column(name="score"),
            Column(name="lower_is_better", type=BOOLEAN),
        ),
    ),
    Table(
        name="documents",
        columns=(
            Column(name="experiment"),
            Column(name="path"),
            Column(name="sha256"),
            Column(name="size", type=BIGINT),
            Column(name="attached_at", type=TIME),
            Column(name="attached_by"),
        ),
        indexes=("experiment, path",),
    ),
)


def _tagged(e: job_marks.JobTagged) -> Patch:
    row: Row = {"team": e.team, "job": e.originator_id, "label": e.label}
    return Patch("job_tags", _tag_key(e), set=row)


def _starred(e: desks.JobStarred) -> Patch:
    row: Row = {"team": e.team, "user_id": e.user, "job": e.job, "at": e.at}
    return Patch("starred_jobs", _star_key(e), set=row)


def _viewed(e: desks.ViewSaved) -> Patch:
    row: Row = {
        "team": e.team,
        "user_id": e.user,
        "page": e.page,
        "name": e.name,
        "query": e.query,
        "saved_at": e.at,
    }
    return Patch("views", _view_key(e), set=row)


def _noted(e: experiments.ExperimentNoted) -> Patch:
    row: Row = {"text": e.text, "noted_at": e.at, "noted_by": e.by}
    return Patch("experiment_notes", e.originator_id, set=row)


def _scored(e: experiments.ExperimentScoreChosen) -> Patch:
    row: Row = {"score": e.name, "lower_is_better": e.lower_is_better}
    return Patch("experiment_notes", e.originator_id, set=row)


def _attached(e: experiments.DocumentAttached) -> Patch:
    row: Row = {
        "experiment": e.originator_id,
        "path": e.file.path,
        "sha256": e.file.sha256,
        "size": e.file.size,
        "attached_at": e.at,
        "attached_by": e.by,
    }
    return Patch("documents", f"{e.originator_id}/{e.file.path}", set=row)


def _tag_key(e: job_marks.JobTagged | job_marks.JobUntagged) -> str:
    return f"{e.originator_id}/{e.label}"


def _star_key(e: desks.JobStarred | desks.JobUnstarred) -> str:
    return f"{e.originator_id}/{e.job}"


def _view_key(e: desks.ViewSaved | desks.ViewDeleted) -> str:
    return f"{e.originator_id}/{e.page}/{e.name}"


PATCHES: Mapping[type[Event], Callable[[Any], Patch]] = {  # each arm takes its own event
    job_marks.JobTagged: _tagged,
    job_marks.JobUntagged: lambda e: Patch("job_tags", _tag_key(e), delete=True),
    job_marks.JobHidden: lambda e: Patch("hidden_jobs", e.originator_id, set={"team": e.team}),
    job_marks.JobUnhidden: lambda e: Patch("hidden_jobs", e.originator_id, delete=True),
    desks.JobStarred: _starred,
    desks.JobUnstarred: lambda e: Patch("starred_jobs", _star_key(e), delete=True),
    desks.ViewSaved: _viewed,
    desks.ViewDeleted: lambda e: Patch("views", _view_key(e), delete=True),
    experiments.ExperimentDescribed: lambda e: Patch(
        "experiment_notes", e.originator_id, set={"description": e.text}
    ),
    experiments.ExperimentNoted: _noted,
    experiments.ExperimentScoreChosen: _scored,
    experiments.DocumentAttached: _attached,
    experiments.DocumentRemoved: lambda e: Patch(
        "documents", f"{e.originator_id}/{e.path}", delete=True
    ),
}


def fold_desks(event: Event, position: int) -> Sequence[Patch]:
    """The patches of one event."""
    patch = PATCHES.get(type(event))
    return (patch(event),) if patch else ()


DESKS_PROJECTION = Projection(name="desks", version=1, tables=TABLES, fn=fold_desks)
