"""Which jobs a list shows, and in which order: filters as SQL conditions, places for keyset pages."""

from __future__ import annotations

from datetime import datetime

import msgspec

from projections.rows import JobRow


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """Experiments and tasks whose jobs are left out, but for those of the tasks ``shown``."""

    hidden: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()

    @property
    def values(self) -> list[list[str]]:
        return [list(self.shown), list(self.hidden), list(self.hidden)]


NOTHING_HIDDEN = Sight()
SEEN = (
    "(coalesce(task, '') = any(%s) or not (coalesce(task, '') = any(%s) or experiment = any(%s)))"
)


class JobFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Empty fields do not filter. ``text`` is looked for in name and id.

    ``starred_by`` is whose favourites are meant; ``hidden`` ``None`` does not ask.
    """

    statuses: tuple[str, ...] = ()
    experiment: str = ""
    owner: str = ""
    provider: str = ""
    text: str = ""
    task: str = ""
    tag: str = ""
    starred_by: str = ""
    hidden: bool | None = None
    sight: Sight = NOTHING_HIDDEN


class After(msgspec.Struct, frozen=True):
    """A place in a list ordered by a value, then id: the last row's."""

    at: datetime | str | float
    id: str


SORTS = {
    "queued": "queued_at",
    "name": "name",
    "used": "coalesce(used_s, 0)",
    "cost": "coalesce(cost, 0)",
}
"""What jobs can be ordered by; an index serves each."""


class JobOrder(msgspec.Struct, frozen=True, kw_only=True):
    """``by`` is one of ``SORTS``."""

    by: str = "queued"
    descending: bool = True

    def place(self, row: JobRow) -> After:
        """Where ``row`` is in this order."""
        values: dict[str, datetime | str | float] = {
            "queued": row.queued_at,
            "name": row.name,
            "used": row.used_s or 0,
            "cost": row.cost or 0.0,
        }
        return After(values[self.by], row.id)


NEWEST = JobOrder()


HIDDEN = "exists(select 1 from {hidden_jobs} h where h.id = j.id)"
MARKED = {
    "j.id in (select t.job from {job_tags} t where t.team = j.team and t.label = %s)": "tag",
    "j.id in (select s.job from {starred_jobs} s where s.user_id = %s)": "starred_by",
}


def conditions_of(team: str, where: JobFilter) -> tuple[list[str], list[object]]:
    """Conditions on jobs ``j`` and their values; ``{job_tags}`` and the like stand for tables."""
    conditions = ["team = %s"]
    values: list[object] = [team]
    if where.statuses:
        conditions.append("status = any(%s)")
        values.append(list(where.statuses))
    for column in ("experiment", "owner", "provider", "task"):
        wanted = getattr(where, column)
        if wanted:
            conditions.append(f"{column} = %s")
            values.append(wanted)
    for text, wanted in MARKED.items():
        if value := getattr(where, wanted):
            conditions.append(text)
            values.append(value)
    if where.sight.hidden:
        conditions.append(SEEN)
        values += where.sight.values
    if where.hidden is not None:
        conditions.append(HIDDEN if where.hidden else f"not {HIDDEN}")
    if where.text:
        conditions.append("(name ilike %s or id ilike %s)")
        values += [like(where.text)] * 2
    return conditions, values


def like(text: str) -> str:
    """``text`` as a pattern that finds it anywhere."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
