"""Server processes by fork from one that has imported everything: a start costs no second of imports.

They are processes like any other, with their own session, environment and log, that ``kill -9`` ends.
What is seen of a process from outside (its arguments, its first environment) is not theirs: a test that
looks at those starts ``python -m server`` itself.
"""

from __future__ import annotations

import atexit
import gc
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMPORTED = ("server.__main__", "server.web", "server.worker")
LOOK_S = 0.01


class Forked:
    """What ``subprocess.Popen`` tells of a process, as far as tests ask."""

    def __init__(self, parent: Parent, pid: int) -> None:
        self._parent = parent
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; ``None`` while it runs."""
        if self.returncode is None:
            self.returncode = self._parent.ask("poll", self.pid)
        return self.returncode

    def wait(self) -> int:
        while (code := self.poll()) is None:
            time.sleep(LOOK_S)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


class Parent:
    """The process that forks; one question at a time."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fakes.forks", str(theirs.fileno())],
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
            )
        self._link = Connection(ours.detach())
        self._lock = threading.Lock()

    def start(self, arguments: Sequence[str], *, env: Mapping[str, str], log: Path) -> Forked:
        """``python -m server`` with ``arguments``; output is added to ``log``."""
        pid = self.ask("start", (tuple(arguments), dict(env), str(log)))
        assert pid is not None
        return Forked(self, pid)

    def ask(self, what: str, about: object) -> int | None:
        with self._lock:
            self._link.send((what, about))
            answer: int | None = self._link.recv()
        return answer

    def end(self) -> None:
        """It ends when nobody can ask any more; what it started goes on."""
        self._link.close()
        self._process.wait()


@cache
def parent() -> Parent:
    """This test process's own."""
    made = Parent()
    atexit.register(made.end)
    return made


def _serve(link: Connection) -> None:
    for name in IMPORTED:
        import_module(name)
    gc.freeze()
    while True:
        try:
            what, about = link.recv()
        except EOFError:
            return
        link.send(_fork(link, *about) if what == "start" else _ended(about))


def _fork(link: Connection, arguments: Sequence[str], env: Mapping[str, str], log: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        os.close(link.fileno())
        os.environ.clear()
        os.environ.update(env)
        into = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(into, 1)
        os.dup2(into, 2)
        code = import_module("server.__main__").main(list(arguments))
    finally:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _ended(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which end it
    _serve(Connection(int(sys.argv[1])))
