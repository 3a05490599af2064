"""When something unseen is lost: one value for the whole product.

Only answers count. A provider that cannot be asked tells nothing about its jobs.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec


class LossPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A job is lost when the provider answered ``polls`` times without it over at least ``lost_after_s``."""

    lost_after_s: float = 120.0
    polls: int = 5

    def is_lost(self, *, unseen_since: datetime, unseen_polls: int, now: datetime) -> bool:
        """Whether both thresholds are passed; a clock that jumps forward alone loses nothing."""
        waited = now - unseen_since >= timedelta(seconds=self.lost_after_s)
        return waited and unseen_polls >= self.polls
