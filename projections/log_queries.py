"""Questions about the log itself: its rows, its times, and how far read models have followed it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from projections.catalogue import PROJECTIONS
from projections.connection import lease
from projections.reading import Reader
from projections.rows import EventRow, LinkRow, PositionRow

END = 2**62


FOUND = """
select e.notification_id as position, e.recorded_at, e.originator_id as stream,
       e.originator_version as version, e.topic, e.state
  from (select position from {s}.log_index where WHERE order by position ORDER limit %s) i
  join {s}.events e on e.notification_id = i.position order by 1 ORDER
"""
COUNTED = """
select width_bucket(position, %s::bigint[]), count(*) from {s}.log_index where WHERE group by 1
"""
_OF_STREAMS = "select notification_id from {s}.events where originator_id = any(%s)"


class LogFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Empty fields do not filter. ``kind`` is the first word of a topic; ``actors`` are events' ``by``."""

    actors: tuple[str, ...] = ()
    kind: str = ""
    topic: str = ""
    job: str = ""
    cause: str = ""
    streams: tuple[str, ...] = ()

    @property
    def words(self) -> dict[str, str]:
        """What is asked of which column of the index."""
        asked = {"kind": self.kind, "topic": self.topic, "job": self.job, "cause": self.cause}
        return {column: word for column, word in asked.items() if word}


class _Wanted(NamedTuple):
    text: str
    values: list[object]


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

    def position_before(self, at: datetime) -> int:
        """The position of the last event recorded before ``at``; 0 when there is none."""
        return self.position_at(at - timedelta(microseconds=1))

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

    def positions_at(self, times: Sequence[datetime]) -> list[int]:
        """The same of many times: one question a halving, whatever their number."""
        text = """
        select w.n, e.notification_id, e.recorded_at
          from unnest(%s::bigint[]) with ordinality w(position, n)
          join lateral (select notification_id, recorded_at from {s}.events
                 where notification_id >= w.position order by notification_id limit 1) e on true
        """
        lows, highs = [0] * len(times), [self.head()] * len(times)
        with lease(self._pool) as conn:
            while any(low < high for low, high in zip(lows, highs, strict=True)):
                middles = [(low + high + 1) // 2 for low, high in zip(lows, highs, strict=True)]
                rows = conn.execute(self._sql(text), (middles,)).fetchall()
                found = {row[0] - 1: row[1:] for row in rows}
                for n, middle in enumerate(middles):
                    position, at = found.get(n, (END, times[n]))
                    if position > highs[n] or at > times[n]:
                        highs[n] = min(highs[n], middle - 1)
                    else:
                        lows[n] = int(position)
        return lows

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

    def indexed(self) -> int:
        """How far the log is indexed: ``found`` shows nothing after it."""
        text = "select position from {s}.past_positions where name = 'log_index'"
        with lease(self._pool) as conn:
            row = conn.execute(self._sql(text)).fetchone()
        return min(int(row[0]) if row else 0, self._last)

    def found(
        self, team: str, where: LogFilter, *, after: int, before: int, limit: int, newest: bool
    ) -> list[EventRow]:
        """A team's rows between two positions, both excluded, from one end."""
        wanted = self._wanted(team, where, after=after, before=before)
        if wanted is None:
            return []
        text = FOUND.replace("WHERE", wanted.text).replace("ORDER", "desc" if newest else "asc")
        return self._all(EventRow, text, (*wanted.values, limit), prepare=False)

    def counted(self, team: str, where: LogFilter, *, bounds: Sequence[int]) -> list[int]:
        """How many of a team's rows there are after each of the rising ``bounds`` up to the next."""
        wanted = self._wanted(team, where, after=bounds[0], before=bounds[-1] + 1)
        counts = [0] * (len(bounds) - 1)
        if wanted is None:
            return counts
        text = COUNTED.replace("WHERE", wanted.text)
        with lease(self._pool) as conn:
            values = ([bound + 1 for bound in bounds[:-1]], *wanted.values)
            for bucket, count in conn.execute(self._sql(text), values, prepare=False).fetchall():
                counts[bucket - 1] = count
        return counts

    def links(self, positions: Sequence[int]) -> list[LinkRow]:
        """How those rows are chained, by position."""
        text = """
        select e.notification_id as position, e.state, encode(e.hash, 'hex') as hash,
               coalesce((select encode(p.hash, 'hex') from {s}.events p
                 where p.notification_id < e.notification_id order by p.notification_id desc limit 1), '') as before
          from {s}.events e where e.notification_id = any(%s) order by 1
        """
        return self._all(LinkRow, text, (list(positions),))

    def formulas(self) -> list[tuple[int, int]]:
        """From which position on rows are chained by which formula."""
        text = "select from_position, formula from {s}.chain_formulas order by 1"
        with lease(self._pool) as conn:
            return [(row[0], row[1]) for row in conn.execute(self._sql(text)).fetchall()]

    def _wanted(self, team: str, where: LogFilter, *, after: int, before: int) -> _Wanted | None:
        """The condition over the index; ``None`` where a word is asked that no event ever said."""
        numbers = self._numbers([team, *where.actors, *where.words.values()])
        if not all(word in numbers for word in (team, *where.words.values())):
            return None
        text = "team = %s and position > %s and position < %s"
        values: list[object] = [numbers[team], after, min(before, self._last + 1)]
        for column, word in where.words.items():
            text += f" and {column} = %s"
            values.append(numbers[word])
        if where.actors:
            text += " and actor = any(%s)"
            values.append([numbers[actor] for actor in where.actors if actor in numbers])
        if where.streams:
            text += f" and position in ({_OF_STREAMS})"
            values.append(list(where.streams))
        return _Wanted(text, values)

    def _numbers(self, words: Sequence[str]) -> dict[str, int]:
        """Known numbers are put into the query: the planner knows then how many rows to expect."""
        text = "select word, id from {s}.log_words where word = any(%s)"
        with lease(self._pool) as conn:
            return dict(conn.execute(self._sql(text), (list(words),)).fetchall())

    @property
    def _last(self) -> int:
        return END if self._at is None else self._at
