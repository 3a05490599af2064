"""What is new, told to whoever watches in this process: one hub, fed by the database's notifications.

A hint only: a watcher that was too slow or away asks the log or the tables from its own position,
so nothing depends on a notification arriving. Not here: who may watch what; the caller filters.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import contextmanager

import msgspec


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """``keys`` are rows that moved (at most 50 are named; ``None``: look for yourself).

    ``telemetry`` names what streamed for the one job in ``keys``: any of ``l`` lines, ``m`` metrics,
    ``p`` progress.
    """

    position: int = 0
    model: str = ""
    keys: tuple[str, ...] | None = None
    telemetry: str = ""


class _Announcement(msgspec.Struct, frozen=True):
    n: str = ""
    p: int = 0
    k: list[str] = []


NAMED_AT_MOST = 50
WAITING_AT_MOST = 64
ANY = Change()


class Live:
    """Watchers live on one event loop; news may come from any thread."""

    def __init__(self, models: Collection[str] = ()) -> None:
        """``models`` are the read models whose positions ``reaches`` waits for."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watchers: set[Watcher] = set()
        self._at = dict.fromkeys(models, 0)
        self._waiting: list[tuple[int, asyncio.Future[bool]]] = []

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver on ``loop`` from now on."""
        self._loop = loop

    def stop(self) -> None:
        """Deliver no more; watchers end."""
        loop, self._loop = self._loop, None
        if loop and not loop.is_closed():
            loop.call_soon_threadsafe(self._end)

    def changed(self, payload: str) -> None:
        """A read model moved: the payload of ``lab_changes_…``, empty at a tick."""
        if not payload:
            return
        news = msgspec.json.decode(payload, type=_Announcement)
        keys = None if len(news.k) >= NAMED_AT_MOST else tuple(news.k)
        self._tell(Change(position=news.p, model=news.n, keys=keys))

    def streamed(self, payload: str) -> None:
        """Telemetry arrived: ``<what>:<job>`` of ``lab_telemetry_…``, empty at a tick."""
        what, _, job = payload.partition(":")
        if job:
            self._tell(Change(keys=(job,), telemetry=what))

    def announced(self, model: str) -> int:
        """The last position at which a read model was announced here; 0 before the first time."""
        return self._at.get(model, 0)

    @contextmanager
    def watch(self, wanted: Callable[[Change], bool]) -> Iterator[Watcher]:
        """A watcher of what is ``wanted`` from now on, until the block ends."""
        watcher = Watcher(wanted)
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    async def reaches(self, position: int, *, within_s: float) -> bool:
        """Whether every read model was announced at ``position`` or after, waiting at most ``within_s``.

        ``False`` says nothing: ask the read models.
        """
        if self._shown() >= position:
            return True
        reached = asyncio.get_running_loop().create_future()
        self._waiting.append((position, reached))
        try:
            return await asyncio.wait_for(reached, within_s)
        except TimeoutError:
            self._waiting = [item for item in self._waiting if item[1] is not reached]
            return False

    def _shown(self) -> int:
        return min(self._at.values(), default=0)

    def _tell(self, change: Change) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver, change)

    def _deliver(self, change: Change) -> None:
        if change.model in self._at:
            self._at[change.model] = max(change.position, self._at[change.model])
            self._wake(self._shown())
        for watcher in self._watchers:
            watcher.put(change)

    def _wake(self, shown: int) -> None:
        for position, reached in self._waiting:
            if position <= shown and not reached.done():
                reached.set_result(True)
        self._waiting = [item for item in self._waiting if item[0] > shown]

    def _end(self) -> None:
        for watcher in self._watchers:
            watcher.end()


class Watcher:
    """Changes in order. One that falls behind gets ``ANY`` instead of what it missed: look for yourself.

    For one reader. There may be thousands: what nobody wants wakes nobody.
    """

    def __init__(self, wanted: Callable[[Change], bool]) -> None:
        self._wanted = wanted
        self._news: deque[Change | None] = deque()
        self._reader: asyncio.Future[None] | None = None

    def put(self, change: Change) -> None:
        if not self._wanted(change):
            return
        if len(self._news) >= WAITING_AT_MOST:
            self._news.clear()
            change = ANY
        self._news.append(change)
        self._wake()

    def end(self) -> None:
        self._news.append(None)
        self._wake()

    def forget(self) -> None:
        """Who looks now sees all that was put so far."""
        self._news.clear()

    async def next(self, timeout_s: float) -> Change | None:
        """The next change, or ``None`` after ``timeout_s`` or at the end."""
        if not self._news:
            alarm = asyncio.get_running_loop().call_later(timeout_s, self._wake)
            try:
                await self._woken()
            finally:
                alarm.cancel()
        return self._news.popleft() if self._news else None

    async def changes(self) -> AsyncIterator[Change]:
        """Every change until the server stops."""
        while True:
            if not self._news:
                await self._woken()
            change = self._news.popleft()
            if change is None:
                return
            yield change

    async def _woken(self) -> None:
        self._reader = asyncio.get_running_loop().create_future()
        await self._reader

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
