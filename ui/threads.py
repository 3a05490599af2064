"""The one way from the event loop to the synchronous core."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

Answer = TypeVar("Answer")


async def in_thread(do: Callable[[], Answer]) -> Answer:
    """Run blocking work off the event loop."""
    return await run_in_threadpool(do)
