"""Browsers without a browser: each opens a page, speaks NiceGUI's socket, and acknowledges as a real one does.

Not here: what is measured with them.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp
import socketio

ACK_S = 1.0
PATIENCE_S = 30.0
"""To connect: the default of one second is too little where the machine has other work."""
_CLIENT = re.compile(r"client_id.{0,8}?([0-9a-f-]{36})")
_NEXT = re.compile(r"next_message_id.{0,6}?(\d+)")


@dataclass
class Opened:
    """One open page. ``messages`` counts what it was sent."""

    session: aiohttp.ClientSession
    socket: socketio.AsyncClient
    messages: list[int] = field(default_factory=lambda: [0])
    acking: asyncio.Task[None] | None = None

    async def close(self) -> None:
        if self.acking:
            self.acking.cancel()
        await self.socket.disconnect()
        await self.session.close()


async def open_page(base: str, path: str, cookie: str) -> Opened:
    """As a browser that is signed in by ``cookie`` would."""
    session = aiohttp.ClientSession(headers={"cookie": f"lab_session={cookie}"})
    async with session.get(base + path) as answer:
        page = await answer.text()
    found, following = _CLIENT.search(page), _NEXT.search(page)
    assert found, page[:200]
    client, number = found[1], following[1] if following else "0"
    socket = socketio.AsyncClient(http_session=session)
    one, seen = Opened(session, socket), [int(number)]

    @socket.on("*")
    async def any_event(event: str, data: object = None) -> None:
        del event
        one.messages[0] += 1
        if isinstance(data, dict) and "_id" in data:
            seen[0] = int(data["_id"]) + 1

    async def acknowledge() -> None:
        while True:
            await asyncio.sleep(ACK_S)
            await socket.emit("ack", {"client_id": client, "next_message_id": seen[0]})

    await socket.connect(
        f"{base}?{_asked(client, number)}",
        socketio_path="/_nicegui_ws/socket.io",
        transports=["websocket"],
        headers={"cookie": f"lab_session={cookie}", "origin": base},
        wait_timeout=PATIENCE_S,
    )
    one.acking = asyncio.create_task(acknowledge())
    return one


def _asked(client: str, number: str) -> str:
    """What a browser's socket asks for in its address."""
    return urlencode(
        {
            "client_id": client,
            "tab_id": str(uuid.uuid4()),
            "document_id": str(uuid.uuid4()),
            "implicit_handshake": "true",
            "next_message_id": number,
        }
    )
