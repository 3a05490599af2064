"""What a job holds and was handed, and where it waits: quotas, budgets, secrets, provider.

A part of ``domain/jobs.py``.
"""

from __future__ import annotations

from datetime import datetime

from domain.errors import NotQueued
from domain.job_events import (
    GivenSecret,
    JobBudgetHeld,
    JobEvent,
    JobMoved,
    JobQuotaExtended,
    JobSecretsGiven,
    JobStatus,
)
from domain.job_state import JobState
from domain.model import Envelope


class JobPurse(JobState, frozen=True, kw_only=True):
    """Settling is not decided here: whatever ends a job settles what it holds."""

    def extend_quota(self, *, seconds: int, now: datetime, by: str) -> list[JobEvent]:
        """Hold ``seconds`` more of each quota scope for a job that outlives its reservation."""
        if self.is_over:
            return []
        return [JobQuotaExtended(seconds=seconds, **self._next(now, by))]

    def hold_budget(self, *, amount: int, now: datetime, by: str) -> list[JobEvent]:
        """Hold ``amount`` millionths more of each budget's scope."""
        if self.is_over or not self.budget.scopes:
            return []
        return [JobBudgetHeld(amount=amount, **self._next(now, by))]

    def move(self, *, provider: str, budget: int, now: datetime, by: str) -> list[JobEvent]:
        """Wait for another provider, at whose price ``budget`` millionths are held. ``NotQueued``.

        Its minutes stay held as they are: they are weighed by what it asks for, not by where.
        """
        if self.status is not JobStatus.QUEUED:
            raise NotQueued(job=self.id, now=self.status)
        if self.provider == provider:
            return []
        amount = budget if self.budget.scopes else 0
        return [JobMoved(provider=provider, budget=amount, **self._next(now, by))]

    def give_secrets(
        self, secrets: tuple[GivenSecret, ...], *, now: datetime, by: str
    ) -> list[JobEvent]:
        """Record what the present attempt's node was handed."""
        if not secrets:
            return []
        return [
            JobSecretsGiven(
                attempt=self.attempt, team=self.team, secrets=secrets, **self._next(now, by)
            )
        ]

    def _next(self, at: datetime, by: str) -> Envelope:
        return {
            "originator_id": self.id,
            "originator_version": self.version + 1,
            "at": at,
            "by": by,
        }
