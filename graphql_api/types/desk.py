"""What people put beside the facts, as the API shows it: tags, kept views, notes, documents."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import strawberry

from application.desk_reads import NotesVersion
from graphql_api.scalars import Long
from projections.desk_queries import DocumentRow, LabelCount, NotesRow, ViewRow
from projections.desk_queries import JobMarks as MarksRow
from projections.job_lists import JobOrder


@strawberry.enum(description="What jobs can be ordered by. `USED`: compute seconds.")
class JobSort(StrEnum):
    QUEUED = "queued"
    NAME = "name"
    USED = "used"
    COST = "cost"


def order_of(sort: JobSort, *, descending: bool) -> JobOrder:
    """The query's value."""
    return JobOrder(by=sort.value, descending=descending)


@strawberry.type(
    description="What is on a job: for everybody its tags, for you whether you starred it."
)
class JobMarks:
    tags: list[str]
    hidden: bool
    starred: bool

    @classmethod
    def of(cls, row: MarksRow) -> JobMarks:
        return cls(tags=list(row.tags), hidden=row.hidden, starred=row.starred)


@strawberry.type(description="A tag of the team.")
class JobTag:
    label: str
    jobs: int

    @classmethod
    def of(cls, row: LabelCount) -> JobTag:
        return cls(label=row.label, jobs=row.jobs)


@strawberry.type(description="Filters of a list, kept by you under a name.")
class View:
    page: str
    name: str
    query: str
    saved_at: datetime

    @classmethod
    def of(cls, row: ViewRow) -> View:
        return cls(page=row.page, name=row.name, query=row.query, saved_at=row.saved_at)


@strawberry.type(description="The notes as they were saved once.")
class NotesRevision:
    number: int
    text: str
    at: datetime
    by: str

    @classmethod
    def of(cls, version: NotesVersion) -> NotesRevision:
        return cls(number=version.number, text=version.text, at=version.at, by=version.by)


@strawberry.type(description="A file beside the notes.")
class Document:
    path: str
    sha256: str
    size: Long
    attached_at: datetime
    attached_by: str

    @classmethod
    def of(cls, row: DocumentRow) -> Document:
        return cls(
            path=row.path,
            sha256=row.sha256,
            size=Long(row.size),
            attached_at=row.attached_at,
            attached_by=row.attached_by,
        )


@strawberry.type(description="What is written about an experiment. Texts are Markdown.")
class ExperimentNotes:
    experiment_id: strawberry.ID
    description: str
    text: str
    noted_at: datetime | None
    noted_by: str | None
    score: str = strawberry.field(description="By which its jobs are compared; empty: by none.")
    lower_is_better: bool

    @classmethod
    def of(cls, row: NotesRow) -> ExperimentNotes:
        return cls(
            experiment_id=strawberry.ID(row.id),
            description=row.description or "",
            text=row.text or "",
            noted_at=row.noted_at,
            noted_by=row.noted_by,
            score=row.score or "",
            lower_is_better=bool(row.lower_is_better),
        )
