"""What is told of the past beyond single facts: incidents, other courses, comparisons, reversals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

import msgspec
import strawberry

from application import incident as incidents
from application import job_diff
from application.commands import revert
from application.what_if import report as reports
from application.what_if import trace
from application.what_if.policy import Policy
from domain.errors import InvalidInput
from graphql_api.scalars import Long
from graphql_api.types.telemetry import Event

Value = TypeVar("Value")
strawberry.enum(incidents.Lane, description="Who a fact is about.")


@strawberry.type(description="A fact in its lane.")
class TimelineEntry:
    event: Event
    lane: incidents.Lane
    anomaly: str = strawberry.field(description="What is not as it should be; mostly empty.")
    led_by: Long | None = strawberry.field(description="The position of what led to it.")

    @classmethod
    def of(cls, entry: incidents.Entry) -> TimelineEntry:
        return cls(
            event=Event.of(entry.event),
            lane=entry.lane,
            anomaly=entry.anomaly,
            led_by=Long(entry.led_by) if entry.led_by else None,
        )


@strawberry.type(description="What happened, by position; `markdown` is the same to paste.")
class Timeline:
    title: str
    entries: list[TimelineEntry]
    first_anomaly: Long | None
    more: bool = strawberry.field(description="Only the first 2,000 facts are here.")
    markdown: str

    @classmethod
    def of(cls, found: incidents.Incident, markdown: str) -> Timeline:
        return cls(
            title=found.title,
            entries=[TimelineEntry.of(entry) for entry in found.entries],
            first_anomaly=Long(found.first_anomaly) if found.first_anomaly else None,
            more=found.more,
            markdown=markdown,
        )


@strawberry.type(description="One value of two jobs; null where a job has none.")
class JobDifference:
    section: str = strawberry.field(
        description="code, parameters, environment, infrastructure, task or outcome."
    )
    name: str
    left: str | None
    right: str | None
    same: bool

    @classmethod
    def of(cls, found: job_diff.Difference) -> JobDifference:
        return cls(
            section=found.section,
            name=found.name,
            left=found.left,
            right=found.right,
            same=found.same,
        )


@strawberry.type(description="Whether a part of a job is held fast when it runs again.")
class Pin:
    name: str
    value: str
    pinned: bool
    note: str

    @classmethod
    def of(cls, found: job_diff.Pin) -> Pin:
        return cls(name=found.name, value=found.value, pinned=found.pinned, note=found.note)


@strawberry.type(description="What taking a change of configuration back would do.")
class RevertPreview:
    position: Long
    event: str
    what: str
    now: str
    then: str
    against: str = strawberry.field(description="Why it cannot be; empty when it can.")

    @classmethod
    def of(cls, found: revert.Preview) -> RevertPreview:
        return cls(**{**msgspec.structs.asdict(found), "position": Long(found.position)})


@strawberry.input(
    description="Minutes a month of `of`: `team`, or a member. Null minutes: no limit."
)
class WhatIfQuota:
    of: str
    minutes: int | None = None
    factor: float | None = strawberry.field(
        default=None, description="Instead of minutes: times the limits that were."
    )


@strawberry.input(description="A weight of an accelerator; `*` is every other one.")
class WhatIfWeight:
    accelerator: str
    weight: float


@strawberry.input(description="A priority for the jobs of a member or an experiment.")
class WhatIfPriority:
    of: str
    priority: int


@strawberry.input(description="How many jobs run at once at a provider.")
class WhatIfSlots:
    provider: str
    jobs: int


@strawberry.input(description="What is changed. Names or ids; nothing given changes nothing.")
class WhatIfChange:
    quotas: list[WhatIfQuota] = strawberry.field(default_factory=list)
    weights: list[WhatIfWeight] = strawberry.field(default_factory=list)
    priorities: list[WhatIfPriority] = strawberry.field(default_factory=list)
    slots: list[WhatIfSlots] = strawberry.field(default_factory=list)

    def policy(self) -> Policy:
        """The application's value. ``InvalidInput`` for what is named twice or cannot be."""
        _bounded("factor", [q.factor for q in self.quotas if q.factor is not None], most=1e6)
        _bounded("weight", [w.weight for w in self.weights], most=1e4)
        _bounded("minutes", [q.minutes for q in self.quotas if q.minutes is not None], most=1e9)
        _bounded("jobs", [s.jobs for s in self.slots], most=1e6)
        factors = [q for q in self.quotas if q.factor is not None]
        return Policy(
            quotas=_once("quotas", [(q.of, q.minutes) for q in self.quotas if q.factor is None]),
            factors=_once("quotas", [(q.of, q.factor or 0.0) for q in factors]),
            weights=_once("weights", [(w.accelerator, w.weight) for w in self.weights]),
            priorities=_once("priorities", [(p.of, p.priority) for p in self.priorities]),
            slots=_once("slots", [(s.provider, s.jobs) for s in self.slots]),
        )


def _once(field: str, given: list[tuple[str, Value]]) -> Mapping[str, Value]:
    found = dict(given)
    if len(found) != len(given):
        names = [name for name, _ in given]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(field=field, value=twice, way_out="Name it once.")
    return found


def _bounded(field: str, given: list[float] | list[int], *, most: float) -> None:
    for value in given:
        if not 0 <= value <= most:
            raise InvalidInput(field=field, value=value, way_out=f"Give 0 to {most:,.0f}.")


@strawberry.type(description="Of one person's jobs, or of everybody's. Waits until launched.")
class WhatIfTotals:
    who_id: strawberry.ID | None
    who: str | None = strawberry.field(description="Null: everybody.")
    asked: int
    refused: int
    launched: int
    wait_mean_s: float
    wait_p90_s: float
    used_s: Long
    cost: float

    @classmethod
    def of(cls, found: reports.Totals, names: Mapping[str, str]) -> WhatIfTotals:
        who = found.who
        return cls(
            who_id=strawberry.ID(who) if who else None,
            who=names.get(who, who) or None,
            asked=found.asked,
            refused=found.refused,
            launched=found.launched,
            wait_mean_s=found.wait_mean_s,
            wait_p90_s=found.wait_p90_s,
            used_s=Long(found.used_s),
            cost=found.cost,
        )


@strawberry.type(description="A job that would have fared otherwise.")
class WhatIfMoved:
    job: strawberry.ID
    name: str
    owner: str
    accepted_before: bool
    accepted_after: bool
    wait_before_s: float | None
    wait_after_s: float | None

    @classmethod
    def of(cls, found: reports.Moved, names: Mapping[str, str]) -> WhatIfMoved:
        values = msgspec.structs.asdict(found)
        return cls(**{**values, "owner": names.get(found.owner, found.owner)})


@strawberry.type(description="A recorded decision that the rules of now would not have made.")
class WhatIfDivergence:
    position: Long
    subject: str
    text: str

    @classmethod
    def of(cls, found: trace.Divergence) -> WhatIfDivergence:
        return cls(position=Long(found.position), subject=found.subject, text=found.text)


@strawberry.type(
    description="`recorded` is what was, `before` the model without the change, `after` with it."
)
class WhatIf:
    since: datetime
    until: datetime
    decisions: int = strawberry.field(description="Checked against the rules of now.")
    diverged: int
    divergences: list[WhatIfDivergence] = strawberry.field(description="The first 200.")
    unlike: int = strawberry.field(
        description="Jobs the unchanged model accepts where they were refused, or the reverse."
    )
    wait_error_s: float = strawberry.field(description="Mean error of the unchanged model's waits.")
    recorded: list[WhatIfTotals] = strawberry.field(description="Everybody first.")
    before: list[WhatIfTotals]
    after: list[WhatIfTotals]
    moved_count: int
    moved: list[WhatIfMoved] = strawberry.field(description="The first 200.")
    limits: list[str] = strawberry.field(description="What the method cannot tell.")

    @classmethod
    def of(cls, found: reports.Report, names: Mapping[str, str]) -> WhatIf:
        return cls(
            since=found.since,
            until=found.until,
            decisions=found.decisions,
            diverged=found.diverged,
            divergences=[WhatIfDivergence.of(d) for d in found.divergences],
            unlike=found.unlike,
            wait_error_s=found.wait_error_s,
            recorded=[WhatIfTotals.of(t, names) for t in found.recorded],
            before=[WhatIfTotals.of(t, names) for t in found.before],
            after=[WhatIfTotals.of(t, names) for t in found.after],
            moved_count=found.moved_count,
            moved=[WhatIfMoved.of(m, names) for m in found.moved],
            limits=list(found.limits),
        )
