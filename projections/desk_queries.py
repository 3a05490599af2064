"""Questions about what people put beside the facts. Unauthorised: ``application/desk_reads.py`` asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from projections.connection import lease
from projections.reading import Reader


class ViewRow(msgspec.Struct, frozen=True, kw_only=True):
    page: str
    name: str
    query: str
    saved_at: datetime


class NotesRow(msgspec.Struct, frozen=True, kw_only=True):
    """Of one experiment. Empty texts and ``None`` where nothing was written yet."""

    id: str
    description: str | None = None
    text: str | None = None
    noted_at: datetime | None = None
    noted_by: str | None = None
    score: str | None = None
    lower_is_better: bool | None = None


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    sha256: str
    size: int
    attached_at: datetime
    attached_by: str


class LabelCount(msgspec.Struct, frozen=True, kw_only=True):
    label: str
    jobs: int


class StatusCount(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs of an experiment in a status, and when the last of them was queued."""

    experiment: str
    status: str
    jobs: int
    last: datetime


class ScoreSpan(msgspec.Struct, frozen=True, kw_only=True):
    """The lowest and highest of a score that an experiment's jobs reported."""

    experiment: str
    name: str
    lowest: float
    highest: float


class JobMarks(msgspec.Struct, frozen=True, kw_only=True):
    """``starred`` by whom it was asked for."""

    tags: tuple[str, ...] = ()
    hidden: bool = False
    starred: bool = False


class DeskQueries(Reader):
    """Reads of one migrated schema, now or as of a position."""

    def at(self, position: int) -> DeskQueries:
        return DeskQueries(self._pool, self._schema, at=position)

    def marks(self, jobs: Sequence[str], *, user: str) -> dict[str, JobMarks]:
        """Of each of ``jobs`` that has any, with ``user``'s favourites."""
        ids = list(jobs)
        text = """
        select j.id,
               array(select label from {job_tags} t where t.job = j.id order by label) as tags,
               exists(select 1 from {hidden_jobs} h where h.id = j.id) as hidden,
               exists(select 1 from {starred_jobs} s where s.user_id = %s and s.job = j.id) as starred
          from unnest(%s::text[]) as j(id)
        """
        with lease(self._pool) as conn:
            rows = conn.execute(self._sql(text), (user, ids)).fetchall()
        found = {
            id: JobMarks(tags=tuple(tags), hidden=hidden, starred=starred)
            for id, tags, hidden, starred in rows
        }
        return {id: marks for id, marks in found.items() if marks != JobMarks()}

    def labels(self, team: str) -> list[LabelCount]:
        """The team's tags, the most used first."""
        text = """
        select label, count(*) as jobs from {job_tags} where team = %s
         group by label order by jobs desc, label limit 200
        """
        return self._all(LabelCount, text, (team,))

    def views(self, team: str, user: str, page: str) -> list[ViewRow]:
        """By name."""
        text = """
        select page, name, query, saved_at from {views}
         where team = %s and user_id = %s and page = %s order by name
        """
        return self._all(ViewRow, text, (team, user, page))

    def experiment_counts(self, team: str) -> list[StatusCount]:
        """In no order."""
        text = """
        select experiment, status, count(*) as jobs, max(queued_at) as last
          from {jobs} where team = %s group by experiment, status
        """
        return self._all(StatusCount, text, (team,))

    def experiment_scores(self, team: str) -> list[ScoreSpan]:
        """In no order."""
        text = """
        select experiment, s.key as name, min(s.value::float8) as lowest, max(s.value::float8) as highest
          from {jobs}, jsonb_each_text(score) s where team = %s and jsonb_typeof(score) = 'object'
         group by experiment, s.key
        """
        return self._all(ScoreSpan, text, (team,))

    def notes(self, experiments: Sequence[str]) -> dict[str, NotesRow]:
        """Of those of ``experiments`` that have any."""
        text = """
        select id, description, text, noted_at, noted_by, score, lower_is_better
          from {experiment_notes} where id = any(%s)
        """
        return {row.id: row for row in self._all(NotesRow, text, (list(experiments),))}

    def documents(self, experiment: str) -> list[DocumentRow]:
        """By path."""
        text = """
        select path, sha256, size, attached_at, attached_by
          from {documents} where experiment = %s order by path
        """
        return self._all(DocumentRow, text, (experiment,))
