"""How often somebody may try to sign in. Counts live in this process and are forgotten with it."""

from __future__ import annotations

import time
from collections import OrderedDict

MOST = 10
WINDOW_S = 300.0
REMEMBERED = 10_000


class Tries:
    """At most ``MOST`` failures in ``WINDOW_S`` seconds for one source, and for one address."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def allowed(self, source: str, email: str) -> bool:
        return all(len(self._recent(key)) < MOST for key in _keys(source, email))

    def failed(self, source: str, email: str) -> None:
        for key in _keys(source, email):
            self._failures[key] = [*self._recent(key), time.monotonic()]
            self._failures.move_to_end(key)
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def _recent(self, key: str) -> list[float]:
        since = time.monotonic() - WINDOW_S
        return [at for at in self._failures.get(key, []) if at > since]


def _keys(source: str, email: str) -> tuple[str, str]:
    return f"from {source}", f"as {email.strip().casefold()[:320]}"
