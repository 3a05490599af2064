"""One POST to an address somebody typed: checked, bounded in time and size, never redirected.

Every step counts against one deadline, so that a receiver that answers byte by byte takes no
longer. Proxies of the environment are not used: they would connect elsewhere.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO
from urllib.parse import urlsplit

from server.reachable import Resolve, reachable, resolve

ANSWER_BYTES = 2_000
ADDRESSES_TRIED = 3


@dataclass(frozen=True, kw_only=True)
class Posted:
    """What the receiver said. ``text`` is the begin of its answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str


class Poster:
    """Safe to share between threads. ``local`` allows http and addresses that are not public."""

    def __init__(
        self,
        *,
        local: bool = False,
        timeout_s: float = 10.0,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._local = local
        self._timeout_s = timeout_s
        self._resolve = resolve
        self._given = tls

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made when it is first needed: reading every authority takes tens of milliseconds."""
        return self._given or ssl.create_default_context()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """``Forbidden`` for an address that is not for us; ``OSError`` and ``HTTPException`` else."""
        end = time.monotonic() + self._timeout_s
        host, port, addresses = reachable(url, local=self._local, resolve=self._resolve)
        with _connect(addresses[:ADDRESSES_TRIED], port, end) as plain:
            if not url.startswith("https:"):
                return _exchange(plain, _request(url, body, headers), end)
            plain.settimeout(_left(end))
            with self._tls.wrap_socket(plain, server_hostname=host) as secured:
                return _exchange(secured, _request(url, body, headers), end)


def _connect(addresses: list[str], port: int, end: float) -> socket.socket:
    failed: OSError = OSError("The name has no address.")
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout=_left(end))
        except OSError as error:
            failed = error
    raise failed


def _request(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
    lines += [f"Content-Length: {len(body)}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _exchange(connection: socket.socket, request: bytes, end: float) -> Posted:
    connection.settimeout(_left(end))
    connection.sendall(request)
    with http.client.HTTPResponse(_Timed(connection, end), method="POST") as answer:  # type: ignore[arg-type]  # of a socket it asks for makefile alone
        answer.begin()
        text = answer.read(ANSWER_BYTES).decode("utf-8", "replace")
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Posted(status=answer.status, headers=headers, text=text)


class _Timed(io.RawIOBase):
    """Reads of a socket, all of them together within one deadline."""

    def __init__(self, connection: socket.socket, end: float) -> None:
        self._connection = connection
        self._end = end

    def makefile(self, mode: str) -> BinaryIO:
        """What ``http.client`` asks of a socket."""
        del mode
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's Buffer is wider
        self._connection.settimeout(_left(self._end))
        return self._connection.recv_into(buffer)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError("It took too long.")
    return left
