"""PostgreSQL for tests: one embedded server a session, one migrated schema a test."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from projections.connection import Pool
from server.postgres.binaries import find_binaries
from server.postgres.embedded import EmbeddedPostgres
from server.postgres.errors import EmbeddedPostgresError
from server.postgres.event_store import PostgresEventLog
from server.postgres.recorder import open_pool
from tests.asked import missing
from tests.fakes.schemas import Schemas
from tests.fakes.toy_events import TOYS

LONG_FOLDERS = {"acceptance", "ui"}
MEMORY, ROOM = Path("/dev/shm"), 4 * 2**30  # thousands of tables are made and dropped there
# The python3 of the tests' jobs is the interpreter itself: a version manager's shim before it costs each
# of them more than all the rest.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.base_prefix) / "bin"), os.environ["PATH"]])


# What tests start can be interrupted, though whoever started them in the background had that ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; the tests of a file stay in one process, where what they share is set up once."""
    items.sort(key=lambda item: LONG_FOLDERS.isdisjoint(item.path.parts))
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(f"{item.path.parent.name}/{item.path.stem}"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """xdist 3.8 groups nothing under pytest 9.2 and says nothing: every server would be set up twice."""
    gc.collect()
    gc.freeze()  # what all tests import and are is no garbage, and is not looked through for it
    grouped = getattr(session.config.option, "loadgroup", False)
    if grouped and any("@" not in item.nodeid for item in session.items):
        raise pytest.UsageError(
            "pytest-xdist does not group tests; use the versions of pyproject.toml"
        )


def binaries_or_skip() -> Path:
    """Missing PostgreSQL skips on a laptop and fails on CI."""
    try:
        return find_binaries()
    except EmbeddedPostgresError as error:
        missing(str(error))


@pytest.fixture
def pg_root() -> Iterator[Path]:
    """An empty folder the account of the server can reach, short enough for a socket."""
    yield from fresh_root()


def fresh_root() -> Iterator[Path]:
    """The same for any scope; removed when the loop over it goes on."""
    memory = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM else None
    folder = Path(tempfile.mkdtemp(prefix="lab-pg-", dir=memory))
    folder.chmod(0o711)
    yield folder / "pg"
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The DSN of a server that lives as long as the session; no commit waits for the disk."""
    binaries = binaries_or_skip()
    for root in fresh_root():
        server = EmbeddedPostgres(root, binaries)
        dsn = server.start()
        with psycopg.connect(dsn, autocommit=True) as conn:
            conn.execute("alter database lab set synchronous_commit = off")
        yield dsn
        server.stop()


@pytest.fixture(scope="session")
def schemas(postgres: str) -> Iterator[Schemas]:
    """Those of the session's server."""
    made = Schemas(postgres)
    yield made
    made.close()


@pytest.fixture
def schema(schemas: Schemas) -> Iterator[str]:
    """The name of a migrated schema without an event in it."""
    name = schemas.take()
    yield name
    schemas.give_back(name)


@pytest.fixture
def pool(postgres: str) -> Iterator[Pool]:
    """Connections to the session's server."""
    with open_pool(postgres) as connections:
        yield connections


@pytest.fixture
def event_log(pool: Pool, schema: str) -> PostgresEventLog:
    """An empty log of toy events in a schema of its own."""
    return PostgresEventLog(pool, schema, catalogue=TOYS)
