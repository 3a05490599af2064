"""A read that many open pages want at the same moment is made once for all of them.

News wakes every page that shows the thing. Each of them reading the same rows in a thread of its own
costs a hundredfold, and the event loop waits for the interpreter among all those threads. An answer is
always of a read that began after it was asked for: who asks while one is under way shares the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from ui.threads import in_thread

Answer = TypeVar("Answer")


class Together(Generic[Answer]):
    """Of one web process; its methods belong to its event loop."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Task[Answer]] = {}
        self._next: dict[Hashable, asyncio.Task[Answer]] = {}

    async def read(self, what: Hashable, do: Callable[[], Answer]) -> Answer:
        """The answer of ``do``, perhaps run for another page; ``what`` names all that it depends on."""
        shared = self._next.get(what)
        if shared is None:
            shared = asyncio.ensure_future(self._turn(what, do))
            shared.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            self._next[what] = shared
        return await asyncio.shield(shared)

    async def _turn(self, what: Hashable, do: Callable[[], Answer]) -> Answer:
        before = self._under_way.get(what)
        if before is not None:
            await asyncio.wait([before])
        self._under_way[what] = self._next.pop(what)  # who asks from here on shares the next
        try:
            return await in_thread(do)
        finally:
            del self._under_way[what]
