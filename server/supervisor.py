"""``python -m server``: the database, the web process and the worker of one machine, kept alive together.

The supervisor holds the embedded PostgreSQL and starts the others as children; one that ends
unexpectedly is started again, later each time. All of them die with the supervisor; jobs do not.

The web process imports what it needs while PostgreSQL starts: a child is told its database on its
standard input (``TOLD``), as soon as there is one.
"""

from __future__ import annotations

import ctypes
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from server.settings import Settings

if TYPE_CHECKING:
    from server.postgres.embedded import EmbeddedPostgres

_log = logging.getLogger(__name__)
LOOK_S = 0.2
BACKOFF_S = (0.2, 1.0, 5.0, 15.0)
STEADY_S = 30.0
STOP_S = 10.0
TOLD = "--database-on-stdin"
PR_SET_PDEATHSIG = 1  # https://man7.org/linux/man-pages/man2/prctl.2.html


class Child:
    """One part, started again when it ends. ``code`` 2 is a refusal to start and is final."""

    def __init__(self, part: str, environ: Mapping[str, str]) -> None:
        self.part = part
        self._environ = dict(environ)
        self._database = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._failures = 0
        self._next = 0.0
        self._began = 0.0

    def tell(self, database: str) -> None:
        """The DSN, to the one that runs and to those started after it."""
        self._database = database
        pipe = self._process.stdin if self._process is not None else None
        if pipe is not None and not pipe.closed:
            with suppress(BrokenPipeError), pipe:  # it has ended: the next one is told
                pipe.write(f"{database}\n".encode())

    def look(self) -> int | None:
        """Start it when it is due; its exit code when it refused to start."""
        now = time.monotonic()
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return None
            if code == 2:
                return code
            self._failures = 0 if now - self._began > STEADY_S else self._failures + 1
            wait = BACKOFF_S[min(self._failures, len(BACKOFF_S) - 1)]
            self._environ.pop("LAB_FAILPOINT", None)  # a test kills once
            _log.warning("%s ended with %s; starting again in %s s", self.part, code, wait)
            self._process, self._next = None, now + wait
        if now >= self._next:
            self._start()
        return None

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        self._began = time.monotonic()
        libc = ctypes.CDLL(None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "server", self.part, TOLD],
            stdin=subprocess.PIPE,
            env=self._environ,
            cwd=Path(__file__).resolve().parent.parent,
            preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),  # noqa: PLW1509  # no locks are taken
        )
        if self._database:
            self.tell(self._database)


def supervise(settings: Settings, environ: Mapping[str, str]) -> int:
    """Run everything until SIGTERM or SIGINT; the exit code."""
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    web, worker = children = [
        Child(part, {**environ, "LAB_HOME": str(settings.home)}) for part in ("web", "worker")
    ]
    code, database = 0, None
    try:
        web.look()  # the worker would take from it the core that PostgreSQL leaves
        database = None if settings.database_url else _embedded(settings)
        web.tell(dsn := database.start() if database else settings.database_url)
        worker.tell(dsn)
        while not stopping.is_set() and not code:
            if database and database.ensure_running():
                _log.warning("PostgreSQL had died and runs again")
            code = next((c for c in [child.look() for child in children] if c), 0)
            stopping.wait(LOOK_S)
    finally:
        for child in reversed(children):
            child.stop()
        if database:
            database.stop()
    return code


def _embedded(settings: Settings) -> EmbeddedPostgres:
    """Imported while the web process starts: the driver costs a sixth of a second."""
    made: EmbeddedPostgres = import_module("server.postgres.embedded").EmbeddedPostgres(
        settings.home / "postgres", settings.binaries
    )
    return made
