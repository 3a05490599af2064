"""What the pages of one web process read together; a page of the past shares with nobody."""

from __future__ import annotations

from dataclasses import dataclass, field

from projections.telemetry_queries import CurveRow, Points
from ui.answers import JobNow, LogPart
from ui.counts import Counts
from ui.together import Together


@dataclass(frozen=True, kw_only=True)
class Shared:
    counts: Counts
    jobs: Together[JobNow] = field(default_factory=Together)
    lines: Together[LogPart] = field(default_factory=Together)
    curves: Together[list[CurveRow]] = field(default_factory=Together)
    points: Together[Points] = field(default_factory=Together)
