"""One LISTEN connection a process: wakes whoever follows the log or the read models.

A notification is a hint and may be missed, so every callback is also called at each tick.
Not here: what there is to do on waking.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

Callback = Callable[[str], None]

TICK_S = 1.0
_LOOK_S = 0.2  # how long stopping may take
_log = logging.getLogger(__name__)


class Listener:
    """Calls callbacks, one at a time, on a thread of its own.

    Register with ``on`` before ``start``. A payload is what was notified, ``""`` at a tick and
    after reconnecting. Callbacks must be quick; one that raises is logged and called again at the
    next tick.
    """

    def __init__(self, dsn: str, *, tick_s: float = TICK_S) -> None:
        self._dsn = dsn
        self._tick_s = tick_s
        self._callbacks: dict[str, list[Callback]] = {}
        self._stopping = threading.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def on(self, channel: str, callback: Callback) -> None:
        """Call ``callback(payload)`` for each notification on ``channel`` and at each tick."""
        self._callbacks.setdefault(channel, []).append(callback)

    def start(self) -> None:
        """Begin, without waiting for the database: until it answers there are only ticks."""
        self._thread.start()

    def wait_until_listening(self, timeout_s: float) -> bool:
        """Whether notifications are being received, waiting at most ``timeout_s`` for it."""
        return self._listening.wait(timeout_s)

    def stop(self) -> None:
        """End the thread and wait for the callback in progress. May be repeated."""
        self._stopping.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._dsn, autocommit=True) as conn:
                    self._listen(conn)
            except psycopg.OperationalError as error:
                _log.warning("not listening: %s; trying again in %s s", error, self._tick_s)
                self._listening.clear()
                self._stopping.wait(self._tick_s)
                self._tick()

    def _listen(self, conn: psycopg.Connection[Any]) -> None:
        for channel in self._callbacks:
            conn.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
        self._listening.set()
        self._tick()
        next_tick = time.monotonic() + self._tick_s
        while not self._stopping.is_set():
            for notice in conn.notifies(timeout=min(_LOOK_S, self._tick_s), stop_after=1):
                self._call(notice.channel, notice.payload)
            if time.monotonic() >= next_tick:
                self._tick()
                next_tick = time.monotonic() + self._tick_s

    def _tick(self) -> None:
        if not self._stopping.is_set():
            for channel in self._callbacks:
                self._call(channel, "")

    def _call(self, channel: str, payload: str) -> None:
        for callback in self._callbacks.get(channel, ()):
            try:
                callback(payload)
            except Exception:  # noqa: BLE001  # the loop outlives one callback; the tick calls it again
                _log.exception("callback on %s failed with payload %r", channel, payload)
