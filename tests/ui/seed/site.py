"""The furnished installation on the real web server, with read models that follow and no worker.

Nothing looks after its jobs: they stay as they were told.
"""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn

from server.bootstrap import System
from server.following import Follower
from server.postgres.binaries import find_binaries
from server.postgres.embedded import EmbeddedPostgres
from server.postgres.listener import Listener
from server.settings import Settings
from server.web import make_app
from tests.fakes import uvicorn_thread
from tests.fakes.composed import composed
from tests.ui.seed.furnish import JOBS_A_DAY, Furnished, furnish
from tests.ui.seed.machines import Answering

PATIENCE_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Site:
    """``home`` is what is in it."""

    url: str
    system: System
    home: Furnished
    catch_up: Callable[[], None]


@contextmanager
def database() -> Iterator[str]:
    """The DSN of a server of its own."""
    with tempfile.TemporaryDirectory(prefix="lab-pg-") as folder:
        Path(folder).chmod(0o711)
        server = EmbeddedPostgres(Path(folder) / "pg", find_binaries())
        try:
            yield server.start()
        finally:
            server.stop()


@contextmanager
def furnished(dsn: str, home: Path, *, jobs_a_day: int = JOBS_A_DAY) -> Iterator[Site]:
    """Serve it until the block ends."""
    settings = Settings(home=home, schema="furnished", port=_port())
    with composed(settings, dsn) as bare:
        lab = replace(bare.lab, providers=Answering(bare.lab.providers))  # type: ignore[arg-type]
        parts = replace(bare, lab=lab)
        told = furnish(lab, parts.page_secret, jobs_a_day=jobs_a_day)
        follower = Follower(parts.projectors, after=lambda: None)
        listener = Listener(dsn)
        listener.on(f"lab_events_{settings.schema}", follower.wake)
        server = uvicorn.Server(
            uvicorn.Config(make_app(parts), port=settings.port, log_level="warning")
        )
        serving = threading.Thread(target=uvicorn_thread.run, args=(server,), daemon=True)
        past = Follower(parts.historians, after=lambda: None)
        index = Follower([parts.index], after=parts.index.announce)
        for one in (follower, past, index):
            one.start()
        listener.start()
        serving.start()
        _until(lambda: server.started)
        for one in (follower, past, index):
            _until(lambda one=one: one.catch_up(lab.log.head()))
        try:
            yield Site(
                url=settings.base_url, system=parts, home=told,
                catch_up=lambda: _until(lambda: follower.catch_up(lab.log.head())),
            )  # fmt: skip
        finally:
            server.should_exit = True
            serving.join()
            listener.stop()
            for one in (follower, past, index):
                one.stop()


def _until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "the furnished lab did not come up"
        time.sleep(0.02)


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
