"""Ties a stream of news to the part of a page that shows it: it ends when that part goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from nicegui import background_tasks, ui
from nicegui.client import ClientConnectionTimeout

from ui.components.dialogs import telling

Item = TypeVar("Item")
CONNECT_S = 30.0


class _Lifeline(ui.element):
    """An invisible element whose deletion, by navigation or disconnection, ends a task."""

    def __init__(self) -> None:
        super().__init__("span")
        self.set_visibility(False)
        self.task: asyncio.Task[None] | None = None

    def _handle_delete(self) -> None:
        if self.task is not None:
            self.task.cancel()
        super()._handle_delete()


def follow(
    source: Callable[[], AsyncIterator[Item]],
    apply: Callable[[list[Item]], Awaitable[None]],
    *,
    every_s: float = 0.25,
) -> None:
    """Hand batches of ``source`` to ``apply``, at most one in ``every_s``, while the enclosing part lives.

    The source opens once the browser has connected, so that crawlers and prefetches cost nothing.
    """
    line, client = _Lifeline(), ui.context.client
    slot = line.parent_slot
    if slot is None:  # an element outside of a page; nothing to follow for
        return

    async def pump() -> None:
        try:
            await client.connected(timeout=CONNECT_S)
        except ClientConnectionTimeout:  # nobody came: there is nobody to tell
            return
        await _pump(source(), apply, every_s=every_s)

    line.task = background_tasks.create(
        telling(pump()), name=f"follow {client.id}", context=slot.parent
    )


async def _pump(
    source: AsyncIterator[Item], apply: Callable[[list[Item]], Awaitable[None]], *, every_s: float
) -> None:
    pending: list[Item] = []
    wake = asyncio.Event()

    async def read() -> None:
        async for item in source:
            pending.append(item)
            wake.set()

    reader = asyncio.ensure_future(read())
    reader.add_done_callback(lambda _: wake.set())
    try:
        while not (reader.done() and not pending):
            await wake.wait()
            wake.clear()
            batch, pending[:] = pending[:], []
            if batch:
                await apply(batch)
            if not reader.done():
                await asyncio.sleep(every_s)
        reader.result()
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
