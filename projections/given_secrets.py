"""Which job was handed which secret: a part of the workspace's read model."""

from __future__ import annotations

from domain.job_events import JobSecretsGiven
from projections.base import Column, Patch, SqlType, Table

GIVEN_TABLES = (
    Table(
        name="given_secrets",
        columns=(
            Column(name="team"),
            Column(name="user_id"),
            Column(name="name"),
            Column(name="number", type=SqlType.BIGINT),
            Column(name="job"),
            Column(name="attempt", type=SqlType.BIGINT),
            Column(name="at", type=SqlType.TIMESTAMPTZ),
        ),
        indexes=("team, name, at desc",),
    ),
)


def given(e: JobSecretsGiven) -> tuple[Patch, ...]:
    """One row a secret and attempt."""
    return tuple(
        Patch(
            "given_secrets",
            f"{e.originator_id}/{e.attempt}/{s.user}/{s.name}",
            set={
                "team": e.team,
                "user_id": s.user,
                "name": s.name,
                "number": s.number,
                "job": e.originator_id,
                "attempt": e.attempt,
                "at": e.at,
            },
        )
        for s in e.secrets
    )
