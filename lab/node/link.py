"""The wrapper's threads that talk to the server: shipping and uploading, started after the command.

Without a server only the uploader runs, to say what lies in the spool.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lab.node.bundle import Bundle
from lab.node.records import NodeRecords
from lab.node.status import is_collected

if TYPE_CHECKING:
    from lab.node.shipper import Stop
    from lab.node.transport import Connection
    from lab.node.uploader import Uploader

UPLOAD_WAIT_S = 600.0
UNREACHED_WAIT_S = 10.0
"""A server that never answered is no reason to keep a machine; the spool has everything."""
COLLECTED_LOOK_S = 0.2


class Link:
    def __init__(
        self,
        bundle: Bundle,
        run_dir: Path,
        *,
        records: NodeRecords,
        changed: threading.Event,
        on_stop: Callable[[Stop], None],
    ) -> None:
        self._bundle = bundle
        self._run_dir = run_dir
        self._records = records
        self._changed = changed
        self._on_stop = on_stop
        self._command_ended = threading.Event()
        self._told_all = threading.Event()
        self._uploader: Uploader | None = None
        self._threads: dict[str, threading.Thread] = {}
        self._connections: list[Connection] = []
        self._ready = threading.Event()

    def start(self) -> None:
        """Repeatable; modules are loaded in the new thread, for they cost more than a start may."""
        if not self._threads:
            self._begin("link", self._load)

    def finish_uploads(self, wait_s: float = UPLOAD_WAIT_S) -> None:
        """Return when every save is uploaded, or spooled because the server stayed away."""
        self.start()
        self._command_ended.set()
        self._ready.wait()
        self._threads["upload"].join(min(wait_s, UNREACHED_WAIT_S))
        if any(connection.answered for connection in self._connections):
            self._threads["upload"].join(max(0.0, wait_s - UNREACHED_WAIT_S))
        if self._uploader is not None:
            self._uploader.give_up()
        self._threads["upload"].join()

    def finish_shipping(self, linger_s: float) -> bool:
        """Wait until everything is confirmed, or collected from the spool; False when nobody came."""
        self._told_all.set()
        self._changed.set()
        until = time.monotonic() + linger_s
        while "ship" in self._threads and self._threads["ship"].is_alive():
            if is_collected(self._run_dir):
                return True
            if time.monotonic() >= until:
                return False
            self._threads["ship"].join(COLLECTED_LOOK_S)
        return True

    def _load(self) -> None:
        uploader = importlib.import_module("lab.node.uploader")
        connection = self._reach() if self._bundle.server_url else None
        up = self._uploader = uploader.Uploader(self._run_dir, self._records, connection=connection)
        self._begin("upload", lambda: up.run(self._command_ended))
        measuring = importlib.import_module("lab.node.sysmetrics")
        self._begin("measure", lambda: measuring.keep_measuring(self._records, self._command_ended))
        self._ready.set()

    def _reach(self) -> Connection:
        """Ship to the server from now on; the other connection, for uploads."""
        # Loaded here, off the start-up path and off the main thread: http.client, ssl.
        transport = importlib.import_module("lab.node.transport")
        shipping = importlib.import_module("lab.node.shipper")
        token = transport.Pass(self._bundle.job_token)
        connections = [transport.Connection(self._bundle.server_url, token) for _ in range(2)]
        self._connections += connections
        address = shipping.Address(
            run_dir=self._run_dir, attempt=self._bundle.attempt, node=self._bundle.node
        )
        shipper = shipping.Shipper(
            address, connections[0], changed=self._changed, on_stop=self._on_stop
        )
        self._begin("ship", lambda: shipper.run(self._told_all))
        uploads: Connection = connections[1]
        return uploads

    def _begin(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads[name] = thread
        thread.start()
