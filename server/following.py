"""Keeps read models up with the log: one thread, woken by the log, that never skips an event."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import psycopg
from psycopg_pool import PoolTimeout

from domain.errors import StoreUnavailable
from projections.abreast import Abreast
from projections.projector import ProjectionHalted
from projections.sink import ProjectionFenced

_log = logging.getLogger(__name__)
AWAY_S = 1.0


class Follows(Protocol):
    """What keeps up with the log: a projector, a historian."""

    def position(self) -> int: ...

    def catch_up(self) -> int:
        """How many events were folded in. ``ProjectionFenced``, ``ProjectionHalted``."""
        ...


class Follower:
    """Catches up each projector on ``wake``, then calls ``after``. Errors of the database are waited out."""

    def __init__(
        self,
        projectors: Sequence[Follows],
        *,
        after: Callable[[], None],
        abreast: Abreast | None = None,
        pause_s: float = 0.0,
    ) -> None:
        """``abreast`` moves all of them as long as they stand together; after a move they rest ``pause_s``."""
        self._projectors = projectors
        self._after = after
        self._abreast = abreast
        self._pause_s = pause_s
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        self._awake.set()
        self._thread.start()

    def wake(self, payload: str = "") -> None:
        """There may be news; cheap, from any thread."""
        del payload
        self._awake.set()

    def stop(self) -> None:
        self._stopping.set()
        self._awake.set()
        self._thread.join()

    def catch_up(self, upto: int, *, timeout_s: float = 10.0) -> bool:
        """Whether every read model shows position ``upto``, waiting at most ``timeout_s``."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if all(projector.position() >= upto for projector in self._projectors):
                return True
            self.wake()
            time.sleep(0.01)
        return False

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._awake.wait()
            self._awake.clear()
            try:
                moved = self._catch_up()
            except (psycopg.Error, StoreUnavailable, PoolTimeout) as error:
                _log.warning("the read models wait for the database: %s", error)
                self._stopping.wait(AWAY_S)
                self._awake.set()
                continue
            if moved:
                self._after()
                self._stopping.wait(self._pause_s)

    def _catch_up(self) -> int:
        together = self._catch_up_one(self._abreast) if self._abreast else None
        if together is not None:
            return together
        return sum(self._catch_up_one(projector) or 0 for projector in self._projectors)

    def _catch_up_one(self, projector: Follows | Abreast) -> int | None:
        try:
            return projector.catch_up()
        except ProjectionFenced:
            self._awake.set()  # another worker was faster; look again
            return 1
        except ProjectionHalted as halted:
            _log.error("%s", halted)
            return 0
