"""Why a job is where it is, as the API shows it."""

from __future__ import annotations

from datetime import datetime

import strawberry

from application.why import Told
from domain.reasons import Reason as Found
from domain.reasons import ReasonCode
from graphql_api.scalars import Long

strawberry.enum(ReasonCode, description="What kind of reason it is; of several the dominant one.")


@strawberry.type(description="One thing that shows a reason.")
class Evidence:
    name: str
    value: str


@strawberry.type(description="The one dominant reason why a job is where it is.")
class Reason:
    code: ReasonCode
    text: str
    since: datetime | None
    evidence: list[Evidence]
    help: list[str] = strawberry.field(description="What would help, the best first.")

    @classmethod
    def of(cls, found: Found) -> Reason:
        return cls(
            code=found.code,
            text=found.text,
            since=found.since,
            evidence=[Evidence(name=name, value=value) for name, value in found.evidence.items()],
            help=list(found.help),
        )


@strawberry.type(description="A reason, and the event that made it the dominant one.")
class ReasonChange:
    position: Long
    at: datetime
    event: str
    reason: Reason

    @classmethod
    def of(cls, told: Told) -> ReasonChange:
        return cls(
            position=Long(told.position),
            at=told.at,
            event=told.event,
            reason=Reason.of(told.reason),
        )
