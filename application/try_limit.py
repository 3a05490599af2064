"""Bounds how often something may be tried per key in a window of time, in this process's memory.

Used against password guessing. Not here: what counts as a try, and by whom.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta

from domain.errors import RateLimited

KEYS_AT_MOST = 20_000


class TryLimit:
    """At most ``tries`` in ``window`` for each key. Safe to share between threads."""

    def __init__(self, *, tries: int, window: timedelta) -> None:
        self._tries = tries
        self._window = window
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._guard = threading.Lock()

    def note(self, key: str, now: datetime) -> None:
        """Count one try. ``RateLimited`` with the seconds to wait when there were too many."""
        with self._guard:
            times = self._seen.setdefault(key, deque())
            self._seen.move_to_end(key)
            while times and times[0] <= now - self._window:
                times.popleft()
            if len(times) >= self._tries:
                wait = times[0] + self._window - now
                raise RateLimited(retry_after_s=math.ceil(wait.total_seconds()))
            times.append(now)
            while len(self._seen) > KEYS_AT_MOST:
                self._seen.popitem(last=False)

    def forget(self, key: str) -> None:
        """What was tried succeeded: count anew."""
        with self._guard:
            self._seen.pop(key, None)
