"""A month's limit: who is warned when, what a running job may still hold, and whose limits count."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

import pytest

from application.actor import system
from application.commands.accounts import register_user
from application.commands.job_changes import change_job
from application.commands.members import add_member
from application.commands.sightings import keep_reserved, observe_job
from application.lab import Lab
from application.proof import prove_guards
from domain.job_events import JobStopRequested, StopReason
from domain.jobs import Job, fold
from domain.observations import Observation, Phase
from domain.quotas import QuotaThresholdReached
from domain.teams import Role
from tests.graphql_api.rig import PASSWORD, TASK, Account, Rig

pytestmark = pytest.mark.postgres

QUEUE = "mutation($l:Launch!){queueJob(launch:$l){id}}"
SET = "mutation($m:Int,$u:String!){setQuota(limitMinutes:$m,user:$u){position}}"
SHOW = "{quota{team{limitS heldS leftS warnedPercent} own{limitS warnedPercent}}}"
numbers = count()


@pytest.fixture
def owner(api: Rig) -> Account:
    """Of a team of their own."""
    n = next(numbers)
    return api.account(f"owner{n}@quota.example", f"quota{n}")


@dataclass(frozen=True)
class Later:
    """A clock that is ahead."""

    of: Lab
    by_s: float

    def now(self) -> datetime:
        return self.of.clock.now() + timedelta(seconds=self.by_s)


def limit(api: Rig, owner: Account, minutes: int | None, *, user: str = "") -> None:
    api.data(SET, token=owner.token, m=minutes, u=user)


def queue(api: Rig, owner: Account, minutes: int) -> str:
    launch = {"yaml": TASK, "minutesRequested": minutes}
    return str(api.data(QUEUE, token=owner.token, l=launch)["queueJob"]["id"])


def warned(api: Rig, owner: Account) -> tuple[int, int]:
    """The highest threshold shown for the team and for oneself."""
    api.settle()
    shown = api.data(SHOW, token=owner.token)["quota"]
    return shown["team"]["warnedPercent"], shown["own"]["warnedPercent"]


def told(api: Rig, owner: Account) -> list[tuple[int, int]]:
    """Percent and limit of every warning about the team, in order."""
    events = [recorded.event for recorded in api.lab.log.read(0, 100_000)]
    return [
        (event.percent, event.limit)
        for event in events
        if isinstance(event, QuotaThresholdReached) and event.scope.startswith(f"team:{owner.team}")
    ]


def holding(api: Rig, job: str) -> Job:
    """The job, which holds a machine from now on."""
    lab, by = api.lab, system("test")
    change_job(lab, job, lambda j: j.launch(now=lab.clock.now(), by=by.by), actor=by)
    seen = Observation(attempt=1, phase=Phase.RUNNING, at=lab.clock.now(), source="provider")
    observe_job(lab, job, seen)
    return fold(lab.log.stream(job))


def test_each_threshold_is_told_once_for_a_month_and_a_limit(api: Rig, owner: Account) -> None:
    limit(api, owner, 100)
    queue(api, owner, 79)
    assert warned(api, owner) == (0, 0)
    queue(api, owner, 1)
    queue(api, owner, 1)
    assert warned(api, owner) == (80, 0)
    queue(api, owner, 19)
    assert warned(api, owner) == (100, 0)
    assert api.code(QUEUE, token=owner.token, l={"yaml": TASK, "minutesRequested": 1})
    limit(api, owner, 400)
    assert warned(api, owner) == (0, 0)
    limit(api, owner, 100)
    limit(api, owner, 100)
    assert warned(api, owner) == (100, 0)
    limit(api, owner, None)
    assert warned(api, owner) == (0, 0)
    assert told(api, owner) == [(80, 6000), (100, 6000)]


def test_a_limit_lowered_below_what_is_used_is_told_at_once(api: Rig, owner: Account) -> None:
    queue(api, owner, 50)
    limit(api, owner, 10)
    assert told(api, owner) == [(100, 600)]


def test_clients_that_pass_a_threshold_together_tell_it_once(api: Rig, owner: Account) -> None:
    limit(api, owner, 40)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: queue(api, owner, 1), range(39)))
    assert told(api, owner) == [(80, 2400)]


def test_a_job_that_outlives_its_reservation_holds_more_and_then_what_is_left(
    api: Rig, owner: Account
) -> None:
    limit(api, owner, 20)
    job = queue(api, owner, 1)
    holding(api, job)
    keep_reserved(api.lab, job)
    assert fold(api.lab.log.stream(job)).hold.seconds == 60
    later = replace(api.lab, clock=Later(api.lab, 100))
    keep_reserved(later, job)
    state = fold(api.lab.log.stream(job))
    assert 1000 <= state.hold.seconds <= 1005
    keep_reserved(replace(api.lab, clock=Later(api.lab, 1100)), job)
    state = fold(api.lab.log.stream(job))
    assert (state.hold.seconds, state.stop) == (1200, None)
    assert told(api, owner)[-1] == (100, 1200)
    assert prove_guards(api.lab.log) == []


def test_a_job_for_which_nothing_is_left_is_asked_to_stop_and_says_why(
    api: Rig, owner: Account
) -> None:
    limit(api, owner, 1)
    job = queue(api, owner, 1)
    holding(api, job)
    keep_reserved(replace(api.lab, clock=Later(api.lab, 61)), job)
    keep_reserved(replace(api.lab, clock=Later(api.lab, 62)), job)
    asked = [e for e in api.lab.log.stream(job) if isinstance(e, JobStopRequested)]
    assert [(e.reason, e.grace_s) for e in asked] == [
        (StopReason.QUOTA, api.lab.policy.stop_grace_s)
    ]
    assert "quota is used up" in asked[0].text
    api.settle()
    why = api.data("query($i:ID!){job(id:$i){why}}", token=owner.token, i=job)["job"]["why"]
    assert why.startswith("The quota is used up")


def test_the_narrower_of_two_limits_is_what_is_left_of_both(api: Rig, owner: Account) -> None:
    limit(api, owner, 20)
    limit(api, owner, 3, user=owner.email)
    job = queue(api, owner, 1)
    holding(api, job)
    keep_reserved(replace(api.lab, clock=Later(api.lab, 61)), job)
    assert fold(api.lab.log.stream(job)).hold.seconds == 180


def test_a_members_own_limit_counts_beside_the_teams(api: Rig, owner: Account) -> None:
    email = f"member-of-{owner.email}"
    register_user(api.lab, system("test"), email=email, name="", password=PASSWORD)
    add_member(api.lab, owner.actor, email=email, role=Role.MEMBER)
    limit(api, owner, 100)
    limit(api, owner, 0, user=email.upper())
    limit(api, owner, 30, user=owner.user)
    queue(api, owner, 30)
    too_much = {"yaml": TASK, "minutesRequested": 1}
    assert api.code(QUEUE, token=owner.token, l=too_much) == "QUOTA_EXCEEDED"
    api.settle()
    assert api.data(SHOW, token=owner.token)["quota"]["own"]["limitS"] == 1800
    limit(api, owner, None, user=owner.email)
    queue(api, owner, 1)


def test_a_limit_is_not_set_for_somebody_who_is_no_member(api: Rig, owner: Account) -> None:
    for person in (api.owner.email, api.owner.user, "user_nobody"):
        assert api.code(SET, token=owner.token, m=5, u=person) == "NOT_FOUND"


def test_a_guard_is_proved_beside_warnings(api: Rig, owner: Account) -> None:
    limit(api, owner, 1)
    queue(api, owner, 1)
    assert told(api, owner) == [(100, 60)]
    assert prove_guards(api.lab.log) == []
