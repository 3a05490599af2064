"""What happens in the user's process when the job is asked to stop (SIGTERM).

Buffers are flushed and the callbacks run, then the process ends, unless the program polls
``stop_requested()``: whoever asks that has said it will end by itself.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

StopCallback = Callable[[], object]


class StopSignal:
    """One per process. ``flush`` runs after the callbacks, whatever they raise."""

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush = flush
        self._callbacks: list[StopCallback] = []
        self._requested = False
        self._polled = False
        self._installed = False
        self._previous: Callable[[int, FrameType | None], object] | None = None

    def install(self) -> None:
        """Take SIGTERM over; only the main thread can, elsewhere nothing happens. Repeatable."""
        if self._installed or threading.current_thread() is not threading.main_thread():
            return
        previous = signal.getsignal(signal.SIGTERM)
        if previous is signal.SIG_IGN:
            return
        if callable(previous):
            self._previous = previous
        signal.signal(signal.SIGTERM, self._on_signal)
        self._installed = True

    def add(self, callback: StopCallback) -> StopCallback:
        self._callbacks.append(callback)
        return callback

    def poll(self) -> bool:
        self._polled = True
        return self._requested

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        first = not self._requested
        self._requested = True
        try:
            if first:
                for callback in self._callbacks:
                    callback()
        finally:
            self._flush()
        if self._previous is not None:
            self._previous(number, frame)
        elif not self._polled:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
