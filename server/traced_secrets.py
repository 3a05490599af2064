"""Opens secrets for the server's own use and leaves a trace: keys of providers, addresses of channels.

A value is opened whenever it is needed, for it is kept nowhere; the trace is left at the first time
in a day by a process, or a busy channel would be half of the log. Not here: what jobs are handed,
which is recorded each time (``application/commands/attempts.py``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from application.actor import system
from application.log import EventLog
from application.ports import Clock
from domain import audit
from server.secret_store import EncryptedSecrets

EVERY = timedelta(days=1)
Reader = Callable[[str, str, str], str]
"""A secret's value by team, user (empty: the team's) and name; ``KeyError`` without one."""


class TracedSecrets:
    """Safe to share between threads."""

    def __init__(self, log: EventLog, secrets: EncryptedSecrets, clock: Clock) -> None:
        self._log = log
        self._secrets = secrets
        self._clock = clock
        self._told: dict[tuple[str, str, str, str], datetime] = {}
        self._guard = threading.Lock()

    def reader(self, purpose: str) -> Reader:
        """``purpose`` is what the log says it was opened for."""

        def read(team: str, user: str, name: str) -> str:
            if name in self._secrets.names(team=team, user=user):
                self._trace(purpose, team, user, name)
            return self._secrets.only(team, user, name)

        return read

    def _trace(self, purpose: str, team: str, user: str, name: str) -> None:
        """Recorded before the value is opened: an opening without its trace cannot be."""
        now, key = self._clock.now(), (purpose, team, user, name)
        with self._guard:
            last = self._told.get(key)
            if last is not None and now - last < EVERY:
                return
            about = audit.envelope(team, now=now, by=system(purpose).by)
            fact = audit.SecretOpened(team=team, user=user, name=name, purpose=purpose, **about)
            self._log.append([fact], ())
            self._told[key] = now
