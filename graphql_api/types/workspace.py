"""Experiments and tasks, as the API shows them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from domain.job_spec import FrozenFile
from graphql_api.scalars import Long
from projections.rows import ExperimentRow, RevisionRow, TaskRow


@strawberry.type(description="A group of tasks and jobs.")
class Experiment:
    id: strawberry.ID
    name: str
    archived: bool
    created_at: datetime

    @classmethod
    def of(cls, row: ExperimentRow) -> Experiment:
        return cls(
            id=strawberry.ID(row.id),
            name=row.name,
            archived=row.archived,
            created_at=row.created_at,
        )


@strawberry.type(description="A file by content.")
class File:
    path: str
    sha256: str
    size: Long
    executable: bool

    @classmethod
    def of(cls, file: dict[str, object]) -> File:
        return cls(
            path=str(file["path"]),
            sha256=str(file["sha256"]),
            size=Long(int(str(file["size"]))),
            executable=bool(file.get("executable")),
        )


@strawberry.input(description="A file whose bytes were uploaded with POST /api/files before.")
class FileInput:
    path: str
    sha256: str
    size: Long
    executable: bool = False


def frozen(files: list[FileInput]) -> tuple[FrozenFile, ...]:
    """The domain's value."""
    return tuple(
        FrozenFile(path=f.path, sha256=f.sha256, size=f.size, executable=f.executable)
        for f in files
    )


@strawberry.type(description="What to run, as task.yaml and the files beside it.")
class Task:
    id: strawberry.ID
    experiment_id: strawberry.ID
    name: str
    revision: int
    yaml: str
    files: list[File]
    archived: bool
    created_at: datetime
    revised_at: datetime

    @classmethod
    def of(cls, row: TaskRow) -> Task:
        return cls(
            id=strawberry.ID(row.id),
            experiment_id=strawberry.ID(row.experiment),
            name=row.name,
            revision=row.revision,
            yaml=row.yaml,
            files=[File.of(file) for file in row.files],
            archived=row.archived,
            created_at=row.created_at,
            revised_at=row.revised_at,
        )


@strawberry.type(description="One saved state of a task; it never changes.")
class Revision:
    number: int
    yaml: str
    files: list[File]
    restored_from: int | None
    at: datetime
    by: str

    @classmethod
    def of(cls, row: RevisionRow) -> Revision:
        return cls(
            number=row.number,
            yaml=row.yaml,
            files=[File.of(file) for file in row.files],
            restored_from=row.restored_from or None,
            at=row.at,
            by=row.by,
        )


@strawberry.type(description="The task.yaml of a repository at a commit.")
class RepositoryTask:
    yaml: str
    commit: str


@strawberry.type(description="One thing wrong in a task file; line and column count from 1.")
class Problem:
    path: str
    message: str
    suggestion: str
    line: int
    column: int


@strawberry.type(description="What a task file says, or everything that is wrong in it.")
class Validation:
    ok: bool
    name: str | None
    problems: list[Problem]
