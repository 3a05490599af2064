"""A network line to a server, that can fall silent: what is sent then waits, and neither end is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

READ_BYTES = 65_536


class Line:
    """``url`` leads to the server at ``host`` and ``port`` through this line."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._door = socket.create_server((host, 0))
        self._open = threading.Event()
        self._open.set()
        self._ends: list[socket.socket] = [self._door]
        self._threads: list[threading.Thread] = []
        self.url = f"http://{host}:{self._door.getsockname()[1]}"
        self._run(self._accept)

    def cut(self) -> None:
        """From now on nothing arrives; new connections are accepted and lead nowhere."""
        self._open.clear()

    def mend(self) -> None:
        """What was sent meanwhile arrives, as what is sent again does."""
        self._open.set()

    def close(self) -> None:
        for end in self._ends:
            with suppress(OSError):  # it is closed at the other side already
                end.shutdown(socket.SHUT_RDWR)
        self._open.set()
        while self._threads:
            self._threads.pop().join()
        for end in self._ends:
            end.close()

    def _run(self, do: Callable[..., None], *given: socket.socket) -> None:
        thread = threading.Thread(target=do, args=given, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):  # the door is shut
            while True:
                near, _ = self._door.accept()
                self._ends.append(near)
                self._run(self._connect, near)

    def _connect(self, near: socket.socket) -> None:
        self._open.wait()
        far = socket.create_connection(self._server)
        self._ends.append(far)
        self._run(self._carry, near, far)
        self._carry(far, near)

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):  # one end is gone: so is the other
            while data := source.recv(READ_BYTES):
                self._open.wait()
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def line_to(url: str) -> Iterator[Line]:
    """A line to the server at ``url`` until the block ends."""
    where = urlsplit(url)
    assert where.hostname is not None
    assert where.port is not None
    line = Line(where.hostname, where.port)
    try:
        yield line
    finally:
        line.close()
