"""What a job may read of the artifact store: its files, its checkpoint, its team's artifacts."""

from __future__ import annotations

from collections.abc import Callable

from application.lab import Lab
from domain.jobs import fold
from projections.queries import Queries


def readable_by_job(lab: Lab, queries: Queries) -> Callable[[str, str], bool]:
    """``(job, sha256) -> bool``; unknown is not readable."""

    def readable(job: str, sha256: str) -> bool:
        state = fold(lab.log.stream(job))
        if any(file.sha256 == sha256 for file in state.spec.files):
            return True
        return bool(state.team) and queries.team_has_blob(state.team, sha256)

    return readable
