"""Who used how much: told by person, provider, experiment and day, and no other team's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from application.actor import system
from domain.job_events import JobCompleted, JobFailed, JobLaunching, JobRunning
from domain.jobs import fold
from domain.observations import FailureClass
from tests.graphql_api.rig import Rig

pytestmark = pytest.mark.postgres

USAGE = """query($b:[UsageBy!],$s:DateTime,$u:DateTime){
  usage(by:$b,since:$s,until:$u){owner provider experiment day jobs complete failed stopped usedS cost currency}}"""


def ran(api: Rig, *, used_s: int, good: bool = True, cost: float = 0, currency: str = "") -> str:
    """A job that ended now after ``used_s`` charged seconds."""
    job = api.queue()
    state = fold(api.lab.log.stream(job))
    now = api.lab.clock.now()
    about = {"originator_id": job, "at": now, "by": "system:test", "attempt": 1}
    version = state.version
    end = (
        JobCompleted(
            used_s=used_s, cost=cost, currency=currency, originator_version=version + 3, **about
        )
        if good
        else JobFailed(
            used_s=used_s, blame=FailureClass.USER_CODE, originator_version=version + 3, **about
        )
    )
    facts = [
        JobLaunching(token="t", provider=state.provider, originator_version=version + 1, **about),
        JobRunning(evidence="node", originator_version=version + 2, **about),
        end,
    ]
    api.lab.append(facts, actor=system("test"))
    api.settle()
    return job


@pytest.fixture(scope="module")
def used(api: Rig) -> Rig:
    ran(api, used_s=60, cost=1.5, currency="EUR")
    ran(api, used_s=30, good=False)
    other = api.account("eve@example.org", "eves")
    assert other.team
    return api


def test_everything_is_added_up(used: Rig) -> None:
    (row,) = used.data(USAGE, b=[])["usage"]
    assert row == {
        "owner": None, "provider": None, "experiment": None, "day": None,
        "jobs": 2, "complete": 1, "failed": 1, "stopped": 0, "usedS": 90,
        "cost": 1.5, "currency": "EUR",
    }  # fmt: skip


def test_it_is_told_apart_by_what_is_asked(used: Rig) -> None:
    today = f"{used.lab.clock.now():%Y-%m-%d}"
    (row,) = used.data(USAGE, b=["OWNER", "PROVIDER", "EXPERIMENT", "DAY"])["usage"]
    assert (row["owner"], row["provider"], row["day"]) == ("ada", "idle", today)
    assert row["experiment"] == "alpha"


def test_only_what_ended_in_the_time_counts(used: Rig) -> None:
    now = used.lab.clock.now()
    past = {"s": (now - timedelta(days=9)).isoformat(), "u": (now - timedelta(days=8)).isoformat()}
    (row,) = used.data(USAGE, b=[], **past)["usage"]
    assert (row["jobs"], row["usedS"]) == (0, 0)
    assert used.data(USAGE, b=["OWNER"], **past)["usage"] == []
    wrong = {"s": now.isoformat(), "u": (now - timedelta(days=1)).isoformat()}
    assert used.code(USAGE, b=[], **wrong) == "INVALID_INPUT"


def test_another_teams_use_is_not_shown(used: Rig) -> None:
    eve = used.account("eva@example.org", "evas")
    (row,) = used.data(USAGE, b=[], token=eve.token)["usage"]
    assert row["jobs"] == 0


def test_money_of_several_currencies_is_not_added_up(api: Rig) -> None:
    first = ran(api, used_s=60, cost=1.25, currency="EUR")
    ran(api, used_s=60, cost=2, currency="USD")
    (row,) = api.data(USAGE, b=[])["usage"]
    assert (row["cost"], row["currency"]) == (None, None)
    job = api.data("query($i:ID!){job(id:$i){cost currency}}", i=first)["job"]
    assert job == {"cost": 1.25, "currency": "EUR"}
