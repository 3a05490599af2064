"""A uvicorn server whose loop lives until its connections are closed, so that none is left open."""

from __future__ import annotations

import asyncio

import uvicorn

TURNS = 5


def run(server: uvicorn.Server) -> None:
    """Serve until ``server.should_exit``; for a thread."""
    asyncio.run(_serve(server))


async def _serve(server: uvicorn.Server) -> None:
    await server.serve()
    for _ in range(TURNS):  # transports that were told to close do so in the loop's next turns
        await asyncio.sleep(0.01)
