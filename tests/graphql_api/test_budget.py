"""Money of a month: held when a job is queued, ahead of what it costs, and settled from that."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count

import pytest

from application.actor import system
from application.commands.attempts import record
from application.commands.budgets import keep_in_budget
from application.commands.job_changes import change_job
from application.commands.sightings import observe_job
from application.proof import prove_guards
from domain.budgets import BudgetReserved, BudgetSettled, BudgetThresholdReached
from domain.job_events import StopReason
from domain.jobs import Job, fold
from domain.observations import Exit, Observation, Phase
from providers.base import Handle, Submitted
from tests.graphql_api.rig import Account, Rig
from tests.graphql_api.test_quota import Later

pytestmark = pytest.mark.postgres

DEAR = "name: dear\nrun: train\nresources:\n  accelerators: A100:1\n"
QUEUE = "mutation($l:Launch!){queueJob(launch:$l){id}}"
SET = "mutation($m:Float,$u:String!){setBudget(limit:$m,user:$u){position}}"
SHOW = "{budget{currency team{limit held charged left warnedPercent} own{limit warnedPercent}}}"
numbers = count()


@pytest.fixture
def owner(api: Rig) -> Account:
    """Of a team of their own."""
    n = next(numbers)
    return api.account(f"owner{n}@budget.example", f"budget{n}")


def limit(api: Rig, owner: Account, money: float | None, *, user: str = "") -> None:
    api.data(SET, token=owner.token, m=money, u=user)


def wish(minutes: int) -> dict[str, object]:
    return {"yaml": DEAR, "minutesRequested": minutes}


def queue(api: Rig, owner: Account, minutes: int = 60) -> str:
    """A job at 2 an hour."""
    return str(api.data(QUEUE, token=owner.token, l=wish(minutes))["queueJob"]["id"])


def shown(api: Rig, owner: Account) -> dict[str, float]:
    api.settle()
    found: dict[str, float] = api.data(SHOW, token=owner.token)["budget"]["team"]
    return found


def leased(api: Rig, job: str, price: float) -> Job:
    """The job, which holds a machine at ``price`` an hour from now on."""
    lab, by = api.lab, system("test")
    change_job(lab, job, lambda j: j.launch(now=lab.clock.now(), by=by.by), actor=by)
    got = Submitted(handle=Handle("x"), price_per_hour=price, currency="USD")
    change_job(lab, job, lambda j: record(lab, j, 1, got, adopted=False), actor=by)
    seen = Observation(attempt=1, phase=Phase.RUNNING, at=lab.clock.now(), source="provider")
    observe_job(lab, job, seen)
    return fold(lab.log.stream(job))


def end(api: Rig, job: str, after_s: float) -> None:
    lab = replace(api.lab, clock=Later(api.lab, after_s))
    seen = Observation(
        attempt=1, phase=Phase.ENDED, at=lab.clock.now(), source="node",
        exit=Exit(code=0, phase="run"),
    )  # fmt: skip
    observe_job(lab, job, seen)


def test_money_is_held_at_queueing_and_settled_from_what_the_job_cost(
    api: Rig, owner: Account
) -> None:
    limit(api, owner, 10)
    job = queue(api, owner, 60)
    assert shown(api, owner)["held"] == 2.0
    leased(api, job, 2.0)
    end(api, job, 1800)
    after = shown(api, owner)
    assert after["held"] == 0.0
    assert after["charged"] == pytest.approx(1.0, abs=0.01)
    assert after["left"] == pytest.approx(9.0, abs=0.01)
    assert not [d for d in prove_guards(api.lab.log) if owner.team in str(d)]


def test_what_does_not_fit_is_refused_in_words_and_reserves_nothing(
    api: Rig, owner: Account
) -> None:
    limit(api, owner, 3)
    queue(api, owner, 60)
    body = api.ask(QUEUE, token=owner.token, l=wish(60))
    assert body["errors"][0]["extensions"]["code"] == "BUDGET_EXCEEDED"
    assert "2.00 USD asked, 1.00 left of 3.00" in body["errors"][0]["message"]
    rerun = "mutation($i:ID!){rerunJob(id:$i){id}}"
    first = api.data("{jobs{edges{node{id}}}}", token=owner.token)["jobs"]["edges"][0]["node"]["id"]
    assert api.code(rerun, token=owner.token, i=first) == "BUDGET_EXCEEDED"
    assert shown(api, owner)["held"] == 2.0


def test_a_job_without_a_price_moves_no_money(api: Rig, owner: Account) -> None:
    limit(api, owner, 0)
    free = {"yaml": "name: free\nrun: x\n"}
    job = api.data(QUEUE, token=owner.token, l=free)["queueJob"]["id"]
    leased(api, job, 0.0)
    keep_in_budget(replace(api.lab, clock=Later(api.lab, 9_000)), job)
    assert fold(api.lab.log.stream(job)).stop is None


def test_a_members_own_budget_counts_beside_the_teams(api: Rig, owner: Account) -> None:
    limit(api, owner, 100)
    limit(api, owner, 1, user=owner.email)
    assert api.code(QUEUE, token=owner.token, l=wish(60)) == "BUDGET_EXCEEDED"
    queue(api, owner, 30)
    own = api.data(SHOW, token=owner.token)["budget"]["own"]
    assert own == {"limit": 1.0, "warnedPercent": 100}


def test_a_lease_that_is_dearer_than_thought_holds_more_and_is_stopped_at_the_limit(
    api: Rig, owner: Account
) -> None:
    limit(api, owner, 3)
    job = queue(api, owner, 30)  # 1.00 is held
    leased(api, job, 8.0)
    keep_in_budget(api.lab, job)  # enough is held ahead
    assert shown(api, owner)["held"] == 1.0
    keep_in_budget(replace(api.lab, clock=Later(api.lab, 240)), job)  # has cost 0.53
    assert shown(api, owner)["held"] == pytest.approx(2.53, abs=0.02)  # 2.00 ahead
    keep_in_budget(replace(api.lab, clock=Later(api.lab, 900)), job)  # 2.00, and 0.47 are left
    assert shown(api, owner)["held"] == 3.0
    keep_in_budget(replace(api.lab, clock=Later(api.lab, 1300)), job)  # has cost 2.89
    assert fold(api.lab.log.stream(job)).stop is None
    keep_in_budget(replace(api.lab, clock=Later(api.lab, 1360)), job)  # has cost 3.02
    stop = fold(api.lab.log.stream(job)).stop
    assert stop is not None
    assert stop.reason is StopReason.QUOTA
    assert "budget is used up" in stop.text
    assert stop.grace_s > 0


def test_clients_that_come_together_never_pass_a_limit_at_any_prefix_of_the_log(
    api: Rig, owner: Account
) -> None:
    limit(api, owner, 10)
    with ThreadPoolExecutor(8) as clients:
        answers = list(
            clients.map(lambda _: api.ask(QUEUE, token=owner.token, l=wish(60)), range(12))
        )
    assert sum("errors" not in answer for answer in answers) == 5
    used = 0
    for recorded in api.lab.log.read(0, 100_000):
        event = recorded.event
        if getattr(event, "scope", "").startswith(f"money-team:{owner.team}:"):
            if isinstance(event, BudgetReserved):
                used += event.amount
            elif isinstance(event, BudgetSettled):
                used += event.cost - event.held
            assert used <= 10_000_000


def test_thresholds_are_told_once(api: Rig, owner: Account) -> None:
    limit(api, owner, 10)
    for _ in range(5):
        queue(api, owner, 60)
    told = [
        recorded.event.percent
        for recorded in api.lab.log.read(0, 100_000)
        if isinstance(recorded.event, BudgetThresholdReached)
        and recorded.event.scope.startswith(f"money-team:{owner.team}:")
    ]
    assert told == [80, 100]
    assert shown(api, owner)["warnedPercent"] == 100


def test_amounts_that_are_none_are_refused(api: Rig, owner: Account) -> None:
    for money in (-1, 1e12):
        assert api.code(SET, token=owner.token, m=money, u="") == "INVALID_INPUT"
    assert api.code(SET, token=owner.token, m=1, u="nobody@example.org") == "NOT_FOUND"
