"""Runs our scripts on this machine, where the work folder is mounted, with Slurm's commands over REST.

The token goes to them in their environment: never in an argument, a file or a log. Not here: what
the commands answer (``commands.py``).
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from domain.errors import shorten
from providers.base import CredentialsRejected, ProviderUnavailable
from providers.slurm.rest import commands
from providers.slurm.scripts import fill
from providers.ssh import Done

ROOT = Path(__file__).resolve().parents[3]
PASSED_ON = ("PATH", "HOME", "LANG", "TZ", "SLURM_CONF")
LAUNCHER = '#!/bin/sh\nexec env PYTHONPATH={root} {python} -m {module} {command} "$@"\n'


class RestLink:
    """What ``SshLink`` is to a login node. ``token`` answers the JSON web token; it is kept nowhere."""

    def __init__(
        self, *, url: str, version: str, user: str, token: Callable[[], str], folder: Path
    ) -> None:
        self._where = {commands.URL: url, commands.VERSION: version, commands.USER: user}
        self._token = token
        self._folder = folder / "slurmrestd"
        self.asked = 0
        """Scripts and file reads so far."""

    def run(
        self, argv: Sequence[str], *, stdin: Iterable[bytes] = (), timeout_s: float = 120.0
    ) -> Done:
        """The ended script. ``ProviderUnavailable`` when it is unknown how it ended."""
        self.asked += 1
        environment = self._environment()
        with subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        ) as script:
            try:
                out, err = script.communicate(b"".join(stdin), timeout=timeout_s)
            except subprocess.TimeoutExpired as error:
                script.kill()
                reason = f"a script took longer than {timeout_s:g} s"
                raise ProviderUnavailable(provider="slurm", reason=reason) from error
        return Done(script.returncode, out, err.decode(errors="replace").strip())

    def read(self, path: str, *, offset: int, limit: int) -> bytes | None:
        """At most ``limit`` bytes of a file from ``offset``; ``None`` when there is none."""
        self.asked += 1
        try:
            with Path(path).open("rb") as file:
                file.seek(offset)
                return file.read(limit)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ProviderUnavailable(provider="slurm", reason=shorten(str(error), 200)) from error

    def retry_now(self) -> None:
        """Nothing is put off."""

    def close(self) -> None:
        """Nothing is kept open."""

    def _environment(self) -> Mapping[str, str]:
        token = self._token()
        _check_expiry(token)
        own = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        path = f"{self._launchers()}:{own.get('PATH', os.defpath)}"
        return own | self._where | {commands.TOKEN: token, "PATH": path}

    def _launchers(self) -> Path:
        """A folder with a program for each command. Made once; safe side by side."""
        if not self._folder.is_dir():
            fresh = self._folder.with_name(f".{self._folder.name}.{os.getpid()}")
            fresh.mkdir(parents=True, exist_ok=True)
            for command in commands.COMMANDS:
                self._write(fresh / command)
            try:
                fresh.rename(self._folder)
            except OSError:  # another thread's or process' was first
                if not self._folder.is_dir():
                    raise
        return self._folder

    def _write(self, program: Path) -> None:
        values = {"ROOT": str(ROOT), "PYTHON": sys.executable, "MODULE": commands.__name__}
        text = fill("slurm_rest_command.sh", values | {"COMMAND": program.name}, lines="")
        program.write_text(text, "utf-8")
        program.chmod(0o700)


def _check_expiry(token: str) -> None:
    """``CredentialsRejected`` for one that is over, or is none. https://www.rfc-editor.org/rfc/rfc7519

    slurmrestd itself answers an invalid token as if its controller were away.
    """
    try:
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        until = datetime.fromtimestamp(float(claims.get("exp", "inf")), UTC)
    except OverflowError:  # it never expires
        return
    except (IndexError, ValueError, AttributeError) as error:
        reason = "the rest_token is no JSON web token; make one with `scontrol token lifespan=…`."
        raise CredentialsRejected(provider="slurm", reason=reason) from error
    if until < datetime.now(UTC):
        reason = (
            f"the rest_token expired at {until:%Y-%m-%d %H:%M} UTC; make a new one with "
            "`scontrol token lifespan=…` and set the secret again."
        )
        raise CredentialsRejected(provider="slurm", reason=reason)
