"""What the replay asks: events one by one, and how the lab was right after each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec

from application.audit_reads import EventWish
from application.log_reading import EventPage, EventView, Histogram
from application.queries import Reads
from domain.errors import NotFound
from projections.log_queries import END
from ui.gateway import Gateway, in_thread
from ui.views.replay import Row, carried, changes

SHOWN_BY_ROW = ("job_", "task_", "exp_", "prov_")


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """An event, the team's jobs by status right after it, and the lines of what it changed."""

    event: EventView
    counts: Mapping[str, int]
    lines: Sequence[tuple[str, str]]


async def histogram(gateway: Gateway, wish: EventWish) -> Histogram | None:
    """When how much happened of what is wanted; ``None`` when nothing did."""
    return await in_thread(lambda: gateway.reads.histogram(gateway.actor, wish))


async def latest(
    gateway: Gateway, wish: EventWish, *, before: int = END, at: datetime | None = None
) -> EventView | None:
    """The last event before a position, recorded by a time."""
    chosen = msgspec.structs.replace(wish, until=at) if at else wish

    def read(cursor: int) -> EventPage:
        return gateway.reads.events_back(gateway.actor, chosen, before=cursor, limit=1)

    return await in_thread(lambda: _first(read, before))


async def following(gateway: Gateway, wish: EventWish, *, after: int) -> EventView | None:
    """The first event after a position."""

    def read(cursor: int) -> EventPage:
        return gateway.reads.events(gateway.actor, wish, after=cursor, limit=1)

    return await in_thread(lambda: _first(read, after))


def _first(read: Callable[[int], EventPage], cursor: int) -> EventView | None:
    """The first event there is from ``cursor`` on, over pages whose every event is hidden."""
    more = True
    while more:
        page = read(cursor)
        if page.events:
            return page.events[0]
        cursor, more = page.cursor, page.more
    return None


async def seen(gateway: Gateway, event: EventView) -> Seen:
    """The lab right after ``event``."""
    actor = gateway.actor

    def ask() -> Seen:
        then = gateway.reads.at(event.position)
        lines = carried(event.data)
        if event.stream.startswith(SHOWN_BY_ROW):
            before = gateway.reads.at(event.position - 1)
            old, new = (_row(reads, gateway, event.stream) for reads in (before, then))
            lines = changes(old, new) or lines
        return Seen(event=event, counts=then.job_counts(actor), lines=lines)

    return await in_thread(ask)


def _row(reads: Reads, gateway: Gateway, stream: str) -> Row | None:
    """The thing as its page shows it; ``None`` when it was not there."""
    asked = {"job_": reads.job, "task_": reads.task, "exp_": reads.experiment}
    kind = stream.partition("_")[0] + "_"
    with suppress(NotFound):
        row: Row = msgspec.to_builtins(asked.get(kind, reads.provider)(gateway.actor, stream))
        return row
    return None
