"""One PostgreSQL server of our own in one folder: started, kept and stopped by its one owner.

It listens on a socket in a 0700 folder, asks for a password, and ends when its owner dies. As
root it runs as ``nobody`` and changes nothing outside its folder.
Not here: which binaries (``binaries.py``), the account it runs as and its files (``cluster.py``).
Linux and macOS; the parent-death signal is Linux only.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import psycopg
from psycopg.conninfo import make_conninfo

from server.postgres.binaries import find_binaries, private_copy
from server.postgres.cluster import Cluster
from server.postgres.errors import AlreadyOwned, EmbeddedPostgresError

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
DATABASE = "lab"
_SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "jit": "off",
    "logging_collector": "off",
    "dynamic_shared_memory_type": "mmap",
    "max_parallel_workers_per_gather": "0",
    "wal_compression": "on",
}
_PR_SET_PDEATHSIG = 1  # https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html


class EmbeddedPostgres:
    """The database in ``root``. One owner at a time, held by a lock the kernel frees if we die.

    ``binaries`` as for ``find_binaries``. Not thread-safe, except ``ensure_running``.
    """

    def __init__(self, root: Path, binaries: Path | None = None) -> None:
        self._cluster = Cluster(root.absolute())
        self._configured = binaries
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs, else ``None``."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> str:
        """Run the server, creating the database the first time; its DSN. Repeating is harmless.

        Raises ``AlreadyOwned`` or ``EmbeddedPostgresError`` (both say what to do).
        """
        with self._guard:
            if self.pid is None:
                self._own()
                try:
                    self._launch()
                except BaseException:
                    self._end()
                    raise
            return self._dsn(DATABASE)

    def ensure_running(self) -> bool:
        """Start the server again if it has died; whether it had to. For a supervisor's tick."""
        if self.pid is not None:
            return False
        self.start()
        return True

    def stop(self) -> None:
        """Stop the server, disconnecting its clients, and give up the folder. May be repeated."""
        with self._guard:
            self._end()

    def _own(self) -> None:
        if self._lock is not None:
            return
        self._cluster.make_root()
        lock = (self._cluster.root / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise AlreadyOwned(root=str(self._cluster.root)) from error
        self._lock = lock

    def _launch(self) -> None:
        cluster = self._cluster
        binaries = find_binaries(self._configured, major=cluster.major())
        if not cluster.can_run(binaries / "postgres"):
            binaries = private_copy(binaries, cluster.root / "pg")
        cluster.prepare(binaries)
        cluster.end_leftover_server(STOP_TIMEOUT_S)
        argv = [str(binaries / "postgres"), "-D", str(cluster.data), "-k", str(cluster.socket)]
        for name, value in _SETTINGS.items():
            argv += ["-c", f"{name}={value}"]
        self._process = self._spawn(argv)
        self._wait_until_ready(self._process)

    def _spawn(self, argv: list[str]) -> subprocess.Popen[bytes]:
        """Start ``argv`` from a thread that lives as long as it does.

        The parent-death signal comes when the *thread* that forked ends, not the process; a
        supervisor that restarts the server from a short-lived thread would kill it.
        """
        spawned: list[subprocess.Popen[bytes]] = []
        failed: list[OSError] = []
        ready = threading.Event()

        def keep() -> None:
            try:
                with (self._cluster.root / "log").open("ab") as log:
                    spawned.append(self._popen(argv, log))
            except OSError as error:
                failed.append(error)
            ready.set()
            for process in spawned:
                process.wait()

        threading.Thread(target=keep, name="postgres-keeper", daemon=True).start()
        ready.wait()
        if failed:
            way_out = f"Check that {argv[0]} can be run and {self._cluster.root} written."
            raise EmbeddedPostgresError(what=str(failed[0]), way_out=way_out) from failed[0]
        return spawned[0]

    def _popen(self, argv: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        account = self._cluster.account
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=account.environment,
            umask=0o077,
            start_new_session=True,  # Ctrl-C is for its owner, who needs it until the others have ended
            user=account.uid,
            group=account.gid,
            extra_groups=account.extra_groups,
            preexec_fn=_die_with_parent(),  # noqa: PLW1509  # calls prctl and getppid, no locks
        )

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                return self._make_database()
            except psycopg.OperationalError as error:
                if process.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.02)
                    continue
                log = self._cluster.root / "log"
                raise EmbeddedPostgresError(
                    what=f"the server did not start: {self._cluster.last_log_line()}",
                    way_out=f"Its log is {log}.",
                ) from error

    def _make_database(self) -> None:
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as conn:
            made = conn.execute("select from pg_database where datname = %s", (DATABASE,))
            if made.rowcount == 0:
                conn.execute(f"create database {DATABASE}")

    def _dsn(self, database: str) -> str:
        return make_conninfo(
            host=str(self._cluster.socket),
            user="lab",
            password=self._cluster.password(),
            dbname=database,
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)  # "fast": roll back, disconnect, checkpoint
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)  # recovery at the next start loses nothing
                process.wait(STOP_TIMEOUT_S)
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _die_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return ask
