"""Die on purpose at a named point, so that tests can prove that nothing is lost there.

Off unless LAB_FAILPOINT is set. SIGKILL: no handler, no flush, as a power cut would have it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable


def failpoint(setting: str) -> Callable[[str], None]:
    """A hook for ``Lab.reached``: kills this process at the COUNT-th time NAME is reached."""
    name, _, count = setting.partition(":")
    left = [int(count or 1)]

    def reached(point: str) -> None:
        if point != name:
            return
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached if name else _nothing


def _nothing(point: str) -> None:
    del point
