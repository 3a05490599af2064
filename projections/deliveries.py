"""What is to be told to which channel, and what became of it: rows made from the log, sent later.

A delivery's id depends on its channel and event alone, so what is made or sent twice is one thing.
Not here: what is said, to whom it may be said, and how it gets there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from psycopg import sql
from psycopg.rows import class_row

from projections.connection import Pool, lease
from projections.rows import ChannelRow, DeliveryRow, DueRow

Row = TypeVar("Row")
REASON_CHARACTERS = 500

_STATEMENTS = {
    "known": """
        select p.channel, p.position from {s}.channel_positions p
          join {channels} c on c.id = p.channel
    """,
    "begin": """
        insert into {s}.channel_positions (channel, position)
        select id, added_position from {channels} c
         where not exists (select from {s}.channel_positions p where p.channel = c.id)
        on conflict do nothing
    """,
    "replay": """
        update {s}.channel_positions p
           set position = least(p.position, c.replay_from - 1), replayed = c.replay_position
          from {channels} c where c.id = p.channel and p.replayed < c.replay_position
    """,
    "advance": """
        update {s}.channel_positions set position = %(to)s
         where channel = any(%(channels)s) and position = %(was)s
    """,
    "make": """
        insert into {s}.deliveries (id, channel, team, position, event, sentence, notice)
        values (%(id)s, %(channel)s, %(team)s, %(position)s, %(event)s, %(sentence)s, %(notice)s)
        on conflict (id) do update set notice = excluded.notice, state = 'waiting', sending = false,
          tries = 0, next_at = now(), status = null, reason = '', made_at = now(), ended_at = null
    """,
    "due": """
        select id, channel, team from (
        select distinct on (d.channel) d.id, d.channel, d.team, d.next_at from {s}.deliveries d
          join {s}.channel_positions p using (channel)
          join {channels} c on c.id = d.channel and c.paused_at is null
         where d.state = 'waiting' and d.next_at <= %(now)s and p.resume_at <= %(now)s
           and not d.sending and d.channel <> all(%(busy)s)
           and (%(channel)s = '' or d.channel = %(channel)s)
         order by d.channel, d.next_at, d.position) oldest order by next_at limit %(limit)s
    """,
    "claim": """
        update {s}.deliveries set sending = true, tries = tries + 1
         where id = %s and state = 'waiting' and not sending
        returning id, channel, tries, notice, made_at
    """,
    "ended": """
        with told as (update {s}.deliveries set state = %(state)s, sending = false,
            status = %(status)s, reason = %(reason)s, ended_at = %(now)s
          where id = %(id)s and state = 'waiting' returning channel)
        update {s}.channel_positions p set failures = 0 from told
         where p.channel = told.channel and %(state)s = 'delivered'
    """,
    "later": """
        with told as (update {s}.deliveries set sending = false, status = %(status)s,
            reason = %(reason)s, next_at = %(next_at)s where id = %(id)s and state = 'waiting'
          returning channel)
        update {s}.channel_positions p set failures = failures + 1, resume_at = %(resume_at)s from told
         where p.channel = told.channel
    """,
    "put_back": """
        update {s}.deliveries set sending = false, tries = tries - 1, next_at = %(next_at)s
         where id = %(id)s and sending
    """,
    "release": """
        update {s}.deliveries set sending = false
         where state = 'waiting' and sending and channel <> all(%(busy)s)
    """,
    "failures": "select failures from {s}.channel_positions where channel = %s",
    "of_channel": """
        select id, position, event, sentence, state, tries, status, reason, made_at, next_at, ended_at
          from {s}.deliveries where channel = %(channel)s and (%(state)s = '' or state = %(state)s)
         order by made_at desc, position desc limit %(limit)s
    """,
    "prune": """
        delete from {s}.deliveries d where ended_at < %(before)s or (made_at < %(before)s
           and not exists (select from {channels} c where c.id = d.channel))
    """,
    "channel": "select * from {channels} where id = %s",
    "channels": "select * from {channels} order by id",
    "channels_of": "select * from {channels} where team = %s and user_id in ('', %s) order by name",
}


class NewDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """``notice`` is JSON; ``sentence`` is shown in lists."""

    id: str
    channel: str
    team: str
    position: int
    event: str
    sentence: str
    notice: str


class Moved(Exception):
    """Somebody else moved a channel meanwhile; nothing of ours was written."""


class Deliveries:
    """Safe to share between threads. ``StoreUnavailable`` when the database is away."""

    def __init__(self, pool: Pool, schema: str, *, channels: str) -> None:
        names = {"s": sql.Identifier(schema), "channels": sql.Identifier(schema, channels)}
        self._pool = pool
        self._sql = {name: sql.SQL(text).format(**names) for name, text in _STATEMENTS.items()}

    def channel(self, channel: str) -> ChannelRow | None:
        return next(iter(self._all(ChannelRow, "channel", (channel,))), None)

    def channels(self) -> list[ChannelRow]:
        """Of every team, by id."""
        return self._all(ChannelRow, "channels", ())

    def channels_of(self, team: str, user: str) -> list[ChannelRow]:
        """The team's and the user's own, by name."""
        return self._all(ChannelRow, "channels_of", (team, user))

    def places(self) -> dict[str, int]:
        """How far the messages of each channel are made; new ones begin where they were added.

        A channel whose replay was asked for goes back, once.
        """
        with lease(self._pool) as conn:
            conn.execute(self._sql["begin"])
            conn.execute(self._sql["replay"])
            return dict(conn.execute(self._sql["known"]).fetchall())

    def advance(
        self, channels: Sequence[str], *, was: int, to: int, made: Sequence[NewDelivery]
    ) -> None:
        """Move all of ``channels`` and keep ``made``, or nothing: ``Moved``."""
        step = {"channels": list(channels), "was": was, "to": to}
        with lease(self._pool) as conn, conn.transaction():
            if conn.execute(self._sql["advance"], step).rowcount != len(channels):
                raise Moved
            if made:
                rows = [msgspec.structs.asdict(one) for one in made]
                conn.cursor().executemany(self._sql["make"], rows)

    def due(
        self, *, now: datetime, busy: Collection[str] = (), channel: str = "", limit: int = 1
    ) -> list[tuple[str, str, str]]:
        """``(delivery, channel, team)``: at most one of each channel that is not ``busy``.

        The longest due first; of one ``channel`` alone when it is given.
        """
        asked = {"now": now, "busy": list(busy), "channel": channel, "limit": limit}
        with lease(self._pool) as conn:
            return [(d, c, t) for d, c, t in conn.execute(self._sql["due"], asked).fetchall()]

    def claim(self, id: str) -> DueRow | None:
        """Count a try before it is made; ``None`` when there is nothing to send any more."""
        return next(iter(self._all(DueRow, "claim", (id,))), None)

    def end(self, id: str, *, state: str, status: int | None, reason: str, now: datetime) -> None:
        """``state``: delivered, dead or dropped."""
        told = reason[:REASON_CHARACTERS]
        self._do("ended", id=id, state=state, status=status, reason=told, now=now)

    def later(
        self, id: str, *, status: int | None, reason: str, next_at: datetime, resume_at: datetime
    ) -> None:
        """Try it again at ``next_at``, and nothing of its channel before ``resume_at``."""
        told = reason[:REASON_CHARACTERS]
        self._do("later", id=id, status=status, reason=told, next_at=next_at, resume_at=resume_at)

    def put_back(self, id: str, *, next_at: datetime) -> None:
        """It was not tried after all."""
        self._do("put_back", id=id, next_at=next_at)

    def failures(self, channel: str) -> int:
        """How many tries of any message failed there since one did not."""
        with lease(self._pool) as conn:
            row = conn.execute(self._sql["failures"], (channel,)).fetchone()
        return int(row[0]) if row else 0

    def release(self, *, busy: Collection[str]) -> None:
        """What nobody has in hand any more is due again. For whoever alone sends now."""
        self._do("release", busy=list(busy))

    def of_channel(self, channel: str, *, state: str = "", limit: int = 50) -> list[DeliveryRow]:
        """Newest first; of every state when ``state`` is empty."""
        values = {"channel": channel, "state": state, "limit": limit}
        with lease(self._pool) as conn, conn.cursor(row_factory=class_row(DeliveryRow)) as cursor:
            return cursor.execute(self._sql["of_channel"], values).fetchall()

    def prune(self, *, now: datetime, older_than: timedelta) -> int:
        """Drop what ended before; how many. A replay makes it anew."""
        with lease(self._pool) as conn:
            return conn.execute(self._sql["prune"], {"before": now - older_than}).rowcount

    def _do(self, name: str, **values: object) -> None:
        with lease(self._pool) as conn:
            conn.execute(self._sql[name], values)

    def _all(self, row: type[Row], name: str, values: Sequence[object]) -> list[Row]:
        with lease(self._pool) as conn, conn.cursor(row_factory=class_row(row)) as cursor:
            return cursor.execute(self._sql[name], values).fetchall()
