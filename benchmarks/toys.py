"""A scratch database and generated events of about the size of a job's.

Not here: what is measured.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from domain.codec import Catalogue, catalogue
from domain.model import NEXT_VERSION, Event
from server.postgres.embedded import EmbeddedPostgres

SCHEMA = "bench"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SPEC = {f"parameter_{n}": f"value {n}" for n in range(10)}


class Started(Event, frozen=True, kw_only=True, tag="bench.started.v1"):
    """The first of five events of one stream, about 450 bytes."""

    team: str
    spec: dict[str, str]


class Moved(Event, frozen=True, kw_only=True, tag="bench.moved.v1"):
    """The second to fifth."""

    state: str


BENCH: Catalogue = catalogue(Started | Moved)
STATES = ("launching", "submitted", "running", "succeeded")


def started(stream: str, version: int = NEXT_VERSION) -> Event:
    """The first event of ``stream``."""
    return Started(
        originator_id=stream,
        originator_version=version,
        at=NOON,
        by="user:ada",
        team=f"team_{hash(stream) % 50}",
        spec=SPEC,
    )


def life(stream: str) -> list[Event]:
    """The five events of ``stream``, in order."""
    moves: list[Event] = [
        Moved(originator_id=stream, originator_version=n, at=NOON, by="system:bench", state=state)
        for n, state in enumerate(STATES, 2)
    ]
    return [started(stream, 1), *moves]


@contextmanager
def scratch_database() -> Iterator[str]:
    """The DSN of an embedded server that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="lab-bench-") as folder:
        Path(folder).chmod(0o711)
        server = EmbeddedPostgres(Path(folder) / "pg")
        yield server.start()
        server.stop()
