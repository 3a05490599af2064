"""What a job may read of the artifact store: what its team has shown to possess."""

from __future__ import annotations

from collections.abc import Callable

from application.lab import Lab
from domain.jobs import fold


def readable_by_job(lab: Lab) -> Callable[[str, str], bool]:
    """``(job, sha256) -> bool``; unknown is not readable."""

    def readable(job: str, sha256: str) -> bool:
        state = fold(lab.log.stream(job))
        return bool(state.team) and not lab.holdings.missing(state.team, [sha256])

    return readable
