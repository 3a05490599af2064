"""Questions about the log itself: its rows, its times, and how far read models have followed it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from projections.catalogue import PROJECTIONS
from projections.connection import lease
from projections.reading import Reader
from projections.rows import EventRow, PositionRow

END = 2**62


class LogQueries(Reader):
    """As of a position, the log ends there."""

    def positions(self) -> list[PositionRow]:
        """Where every read model stands now, by name."""
        return self._all(PositionRow, "select * from {s}.positions order by name", ())

    def past_positions(self) -> list[PositionRow]:
        """How far the versions of each read model are kept, by name."""
        text = "select name, position, halted from {s}.past_positions order by name"
        return self._all(PositionRow, text, ())

    def past_shows(self, position: int) -> bool:
        """Whether the versions of every read model are kept up to ``position``."""
        names = {projection.position_name for projection in PROJECTIONS}
        kept = {row.name for row in self.past_positions() if row.position >= position}
        return names <= kept

    def head(self) -> int:
        """The position of the last event; 0 when there is none."""
        text = (
            "select coalesce(max(notification_id), 0) from {s}.events where notification_id <= %s"
        )
        with lease(self._pool) as conn:
            row = conn.execute(self._sql(text), (self._last,)).fetchone()
        return int(row[0]) if row else 0

    def moment(self, position: int) -> datetime | None:
        """When the last event at or before ``position`` was recorded; ``None`` before the first."""
        text = """
        select recorded_at from {s}.events where notification_id <= %s
         order by notification_id desc limit 1
        """
        with lease(self._pool) as conn:
            row = conn.execute(self._sql(text), (position,)).fetchone()
        return row[0] if row else None

    def position_at(self, at: datetime) -> int:
        """The position of the last event recorded at ``at`` or before; 0 before the first.

        Bisects: times never fall with positions, so that the log needs no index over them.
        """
        text = """
        select notification_id, recorded_at from {s}.events where notification_id >= %s
         order by notification_id limit 1
        """
        low, high = 0, self.head()  # low is not after ``at``; above high all are
        with lease(self._pool) as conn:
            while low < high:
                middle = (low + high + 1) // 2
                found = conn.execute(self._sql(text), (middle,)).fetchone()
                if found is None or found[0] > high or found[1] > at:
                    high = middle - 1
                else:
                    low = int(found[0])
        return low

    def events(
        self, *, after: int, limit: int, upto: int | None = None, streams: Sequence[str] = ()
    ) -> list[EventRow]:
        """Raw rows of the log by position; of ``streams`` alone when given."""
        text = """
        select notification_id as position, recorded_at, originator_id as stream,
               originator_version as version, topic, state
          from {s}.events
         where notification_id > %s and notification_id <= %s
           and (%s::text[] is null or originator_id = any(%s))
         order by notification_id limit %s
        """
        wanted = list(streams) or None
        last = min(self._last, END if upto is None else upto)
        return self._all(EventRow, text, (after, last, wanted, wanted, limit))

    def events_back(
        self, *, before: int, limit: int, kind: str = "", streams: Sequence[str] = ()
    ) -> list[EventRow]:
        """Raw rows of the log, newest first, before a position; of one ``kind`` (``job``) if given."""
        text = """
        select notification_id as position, recorded_at, originator_id as stream,
               originator_version as version, topic, state
          from {s}.events
         where notification_id < %s and (%s = '' or split_part(topic, '.', 1) = %s)
           and (%s::text[] is null or originator_id = any(%s))
         order by notification_id desc limit %s
        """
        wanted = list(streams) or None
        first = min(before, self._last + 1)
        return self._all(EventRow, text, (first, kind, kind, wanted, wanted, limit))

    @property
    def _last(self) -> int:
        return END if self._at is None else self._at
