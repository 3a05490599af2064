"""The system as the server composes it, with passwords hashed in no time: a good hash takes a quarter second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher

from server.bootstrap import System, system
from server.credentials import HashedCredentials
from server.settings import Settings

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@contextmanager
def composed(settings: Settings, dsn: str, *, connections: int = 8) -> Iterator[System]:
    """See ``server.bootstrap.system``. A server that reads such a hash checks it as quickly."""
    with system(settings, dsn, connections=connections) as parts:
        assert isinstance(parts.lab.credentials, HashedCredentials)
        parts.lab.credentials.hasher = QUICK
        yield parts
