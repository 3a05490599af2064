"""What asking the server can come to, and how long to wait before asking again. Costs no import."""

from __future__ import annotations

import os
import threading

FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 15.0


class Unreachable(Exception):  # reads as the state it names
    """The server could not be asked, or failed (5xx); worth asking again."""


class JobOver(Exception):
    """401 or 410: the job has ended or was replaced; nothing more may be sent."""


class Backoff:
    """Waits that double up to fifteen seconds, each with up to half of itself at random."""

    def __init__(self) -> None:
        self._delay_s = FIRST_DELAY_S

    def reset(self) -> None:
        self._delay_s = FIRST_DELAY_S

    def wait(self, until: threading.Event) -> bool:
        """True when ``until`` was set meanwhile."""
        share = int.from_bytes(os.urandom(2)) / 65536
        delay_s, self._delay_s = self._delay_s, min(LONGEST_DELAY_S, self._delay_s * 2)
        return until.wait(delay_s * (0.5 + share / 2))
