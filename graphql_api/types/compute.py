"""Compute providers, offers and quotas, as the API shows them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from application import budget_reading, quota_reading
from application.commands import job_moves, jobs
from graphql_api.context import Info, loaders_of
from graphql_api.scalars import JSON, Long
from graphql_api.types.account import Person
from graphql_api.types.cluster import Cluster
from projections.rows import ProviderRow


@strawberry.type(description="Jobs of `user` run as this account; `key` names a secret of theirs.")
class Account:
    user_id: strawberry.ID
    name: str
    key: str

    @strawberry.field
    async def user(self, info: Info) -> Person | None:
        person = await (await loaders_of(info)).people.load(self.user_id)
        return Person.of(person) if person else None


@strawberry.type(description="When a job would start if it were queued now.")
class StartEstimate:
    start_at: datetime
    words: str = strawberry.field(description="The cluster's own.")


@strawberry.type(description="Money a launch would take; zeros where its provider names no price.")
class LaunchCost:
    price_per_hour: float
    held: float = strawberry.field(description="Of the month's budget, when it is queued.")
    currency: str

    @classmethod
    def of(cls, cost: jobs.LaunchCost) -> LaunchCost:
        return cls(price_per_hour=cost.price_per_hour, held=cost.held, currency=cost.currency)


@strawberry.type(
    description="Of the month's budget: held for a job now, and where it would be moved to."
)
class MoveCost:
    held: float
    held_there: float
    currency: str

    @classmethod
    def of(cls, cost: job_moves.MoveCost) -> MoveCost:
        return cls(held=cost.held, held_there=cost.held_there, currency=cost.currency)


@strawberry.type(description="A configured backend that runs jobs.")
class Provider:
    id: strawberry.ID
    name: str
    kind: str
    enabled: bool
    is_default: bool
    added_at: datetime
    unreachable_since: datetime | None
    unreachable_reason: str | None
    settings: JSON = strawberry.field(description="Shown to those who manage providers.")

    @strawberry.field(description="Yours alone, unless you manage providers.")
    async def accounts(self, info: Info) -> list[Account]:
        found = await (await loaders_of(info)).accounts.load(self.id) or []
        return [Account(user_id=strawberry.ID(a.user), name=a.name, key=a.key) for a in found]

    @strawberry.field(description="What it has and does now; asks it. Null: it is no cluster.")
    async def cluster(self, info: Info) -> Cluster | None:
        found = await (await loaders_of(info)).clusters.load(self.id)
        return Cluster.of(found) if found else None

    @classmethod
    def of(cls, row: ProviderRow) -> Provider:
        return cls(
            id=strawberry.ID(row.id),
            name=row.name,
            kind=row.kind,
            enabled=row.enabled,
            is_default=row.is_default,
            added_at=row.added_at,
            unreachable_since=row.unreachable_since,
            unreachable_reason=row.unreachable_reason,
            settings=JSON(row.settings),
        )


@strawberry.type(description="What could be had now.")
class Offer:
    name: str
    accelerator: str
    accelerator_count: int
    cpus: float | None
    memory_gib: float | None
    region: str
    price_per_hour: float
    currency: str
    spot: bool
    available: int | None = strawberry.field(description="Null: not known.")


@strawberry.type(description="One sentence of a provider's readiness.")
class CheckRow:
    what: str
    ok: bool
    detail: str


@strawberry.type(description="Whether a job could run there now.")
class Check:
    ok: bool
    rows: list[CheckRow]


@strawberry.type(description="A month's compute, in weighted seconds. Null limits are no limits.")
class QuotaMonth:
    limit_s: Long | None
    held_s: Long
    charged_s: Long
    left_s: Long | None
    warned_percent: int = strawberry.field(
        description="80 or 100 when so much of the limit was reached, else 0."
    )

    @classmethod
    def of(cls, view: quota_reading.QuotaView) -> QuotaMonth:
        return cls(
            limit_s=None if view.limit is None else Long(view.limit),
            held_s=Long(view.held),
            charged_s=Long(view.charged),
            left_s=None if view.left is None else Long(view.left),
            warned_percent=view.warned_percent,
        )


@strawberry.type(description="A month's money. Null limits are no limits.")
class BudgetMonth:
    limit: float | None
    held: float = strawberry.field(description="Reserved by jobs that are not over.")
    charged: float
    left: float | None
    warned_percent: int = strawberry.field(
        description="80 or 100 when so much of the limit was reached, else 0."
    )

    @classmethod
    def of(cls, view: budget_reading.BudgetView) -> BudgetMonth:
        return cls(
            limit=view.limit,
            held=view.held,
            charged=view.charged,
            left=view.left,
            warned_percent=view.warned_percent,
        )


@strawberry.type(description="This month's money, of the team and of the asking person.")
class Budget:
    team: BudgetMonth
    own: BudgetMonth
    currency: str

    @classmethod
    def of(cls, budget: budget_reading.Budget) -> Budget:
        team, own = BudgetMonth.of(budget.team), BudgetMonth.of(budget.own)
        return cls(team=team, own=own, currency=budget.currency)


@strawberry.enum(description="By what usage is told apart.")
class UsageBy(Enum):
    OWNER = "owner"
    PROVIDER = "provider"
    EXPERIMENT = "experiment"
    DAY = "day"


@strawberry.type(
    description="Jobs that ended, of one owner, provider, experiment, day, as far as asked for."
)
class Usage:
    owner_id: strawberry.ID | None
    owner: str | None = strawberry.field(description="The person's name.")
    provider_id: strawberry.ID | None
    provider: str | None
    experiment_id: strawberry.ID | None
    experiment: str | None
    day: str | None = strawberry.field(description="YYYY-MM-DD in UTC, when they ended.")
    jobs: int
    complete: int
    failed: int
    stopped: int
    used_s: Long = strawberry.field(description="Weighted compute seconds, as charged.")
    cost: float | None = strawberry.field(
        description="In `currency`. Null: of several currencies, which PROVIDER tells apart."
    )
    currency: str | None = strawberry.field(description="Null: nothing had a price.")


@strawberry.type(description="What a second of an accelerator counts; `*` is every other one.")
class AcceleratorWeight:
    accelerator: str
    weight: float


@strawberry.type(description="This month, of the team and of the asking person.")
class Quota:
    team: QuotaMonth
    own: QuotaMonth
    weights: list[AcceleratorWeight] = strawberry.field(
        description="Now; a job keeps the weight it was queued with."
    )

    @classmethod
    def of(cls, quota: quota_reading.Quota) -> Quota:
        weights = sorted(quota.weights.items(), key=lambda item: (-item[1], item[0]))
        return cls(
            team=QuotaMonth.of(quota.team),
            own=QuotaMonth.of(quota.own),
            weights=[AcceleratorWeight(accelerator=a, weight=w) for a, w in weights],
        )
