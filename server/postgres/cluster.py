"""The files of an embedded database and the account that owns them.

Layout of a root: ``data/`` and ``run/`` (the socket) 0700, ``password`` 0600, ``log``, ``lock``,
and ``pg/`` when the programs had to be copied. Not here: the running server (``embedded.py``).
"""

from __future__ import annotations

import os
import pwd
import secrets
import signal
import stat
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from server.postgres.errors import EmbeddedPostgresError

# The path of a Unix socket is at most 107 bytes on Linux, 103 on macOS; its name takes 14:
# https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-UNIX-SOCKET-DIRECTORIES
_MAX_SOCKET_FOLDER_BYTES = 88


@dataclass(kw_only=True, frozen=True)
class Account:
    """Whom the server runs as; ``None`` fields mean: as we are."""

    uid: int | None = None
    gid: int | None = None
    extra_groups: tuple[int, ...] | None = None
    environment: dict[str, str] = field(
        default_factory=lambda: {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    )


def unprivileged_account() -> Account:
    """PostgreSQL refuses to run as root: then it runs as ``nobody``, else as this user."""
    if os.geteuid() != 0:
        return Account()
    entry = pwd.getpwnam("nobody")
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, extra_groups=())


class Cluster:
    """The folder of one embedded database. Every method may be repeated."""

    def __init__(self, root: Path) -> None:
        self.root, self.data, self.socket = root, root / "data", root / "run"
        self.account = unprivileged_account()

    def make_root(self) -> None:
        """Create the root and check that the server's account can reach it."""
        if len(str(self.socket).encode()) > _MAX_SOCKET_FOLDER_BYTES:
            raise EmbeddedPostgresError(
                what=f"the path {self.socket} is too long for a socket",
                way_out="Choose a shorter data folder.",
            )
        if not self.root.exists():
            self.root.mkdir(parents=True)
            self.root.chmod(0o711)
        for folder in (self.root, *self.root.parents):
            if self.account.uid is not None and not folder.stat().st_mode & stat.S_IXOTH:
                raise EmbeddedPostgresError(
                    what=f"as root the server runs as `nobody`, who may not enter {folder}",
                    way_out=f"Run as another user, `chmod o+x {folder}`, or choose another folder.",
                )

    def major(self) -> int | None:
        """The major version that made the data; ``None`` before the first start."""
        marker = self.data / "PG_VERSION"
        return int(marker.read_text()) if marker.exists() else None

    def can_run(self, program: Path) -> bool:
        """Whether the server's account may execute ``program``."""
        try:
            return self._as_account([str(program), "-V"]).returncode == 0
        except PermissionError:
            return False

    def prepare(self, binaries: Path) -> None:
        """Make the folders, the password and, the first time, the data."""
        for folder in (self.data, self.socket):
            folder.mkdir(mode=0o700, exist_ok=True)
            self._give(folder)
        if not (self.root / "password").exists():
            _write_private(self.root / "password", secrets.token_urlsafe(24))
        if self.major() is None:
            self._initdb(binaries)

    def password(self) -> str:
        """The password of the database user ``lab``."""
        return (self.root / "password").read_text()

    def end_leftover_server(self, timeout_s: float) -> None:
        """Stop a server that outlived its owner; forget a pid file whose process is not ours.

        Call only while holding the lock of the root: then no other owner can be using it.
        """
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        first_line = pid_file.read_text().partition("\n")[0]
        pid = int(first_line) if first_line.isdigit() else 0
        deadline = time.monotonic() + timeout_s
        if self._is_our_server(pid):
            os.kill(pid, signal.SIGINT)
        while self._is_our_server(pid):
            if time.monotonic() > deadline:
                way_out = "End it by hand, then start again."
                raise EmbeddedPostgresError(what=f"process {pid} does not stop", way_out=way_out)
            time.sleep(0.05)
        pid_file.unlink(missing_ok=True)

    def last_log_line(self) -> str:
        """What the server said last; empty when it said nothing."""
        log = self.root / "log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return lines[-1] if lines else ""

    def _is_our_server(self, pid: int) -> bool:
        try:
            argv = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return b"postgres" in Path(os.fsdecode(argv[0])).name.encode() and (
            os.fsencode(self.data) in argv
        )

    def _initdb(self, binaries: Path) -> None:
        password = self.socket / "initpw"  # initdb reads it as the server's account
        password.unlink(missing_ok=True)
        _write_private(password, self.password() + "\n")
        self._give(password)
        argv = [str(binaries / "initdb"), "-D", str(self.data), "-U", "lab", "-E", "UTF8"]
        argv += ["--locale=C", "-k", "--auth=scram-sha-256", f"--pwfile={password}"]
        try:
            answer = self._as_account(argv)
        finally:
            password.unlink()
        if answer.returncode != 0:
            complaint = answer.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise EmbeddedPostgresError(
                what=f"initdb failed: {' '.join(complaint)}",
                way_out=f"Mend it and remove {self.data}, or set LAB_DATABASE_URL.",
            )

    def _give(self, path: Path) -> None:
        if self.account.uid is not None and path.stat().st_uid != self.account.uid:
            os.chown(path, self.account.uid, self.account.gid or 0)

    def _as_account(self, argv: list[str]) -> subprocess.CompletedProcess[bytes]:
        account = self.account
        return subprocess.run(
            argv,
            check=False,
            capture_output=True,
            cwd="/",
            env=account.environment,
            umask=0o077,
            user=account.uid,
            group=account.gid,
            extra_groups=account.extra_groups,
        )


def _write_private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123  # the mode must hold from the first moment
        file.write(text)
