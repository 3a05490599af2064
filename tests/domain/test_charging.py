"""What a job is charged: the time it held machines, and not a second of waiting for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.job_events import (
    JobCompleted,
    JobEvent,
    JobFailed,
    JobMachineHeld,
    JobStopped,
    StopReason,
)
from domain.job_spec import RetryPolicy
from domain.jobs import Job
from domain.observations import Observation, Phase
from tests.domain.jobs_given import ANN, SYSTEM, at, ended, launching, play, queued, saw

PENDING_S = 7200


def watched(job: Job, *sights: Observation) -> tuple[Job, list[JobEvent]]:
    """The job after each sight at its own time, and all that they added."""
    added: list[JobEvent] = []
    for seen in sights:
        facts = job.observe(seen, now=seen.at, by=SYSTEM)
        added += facts
        job = play(job, facts)
    return job, added


@pytest.mark.parametrize("phase", [Phase.PROVISIONING, Phase.SETUP, Phase.RUNNING])
def test_hours_in_a_providers_queue_are_not_charged(phase: Phase) -> None:
    job, facts = watched(launching(), saw(Phase.PENDING, 60), saw(Phase.PENDING, PENDING_S))
    assert facts == []
    assert job.used_s(at(PENDING_S)) == 0
    job, facts = watched(job, saw(phase, PENDING_S + 1), ended(PENDING_S + 31, code=0))
    end = facts[-1]
    assert isinstance(end, JobCompleted)
    assert end.used_s == 30


def test_the_first_sign_of_a_machine_is_recorded_once_an_attempt() -> None:
    sights = (Phase.PROVISIONING, Phase.PROVISIONING, Phase.SETUP, Phase.RUNNING, Phase.RUNNING)
    job, facts = watched(launching(), *(saw(phase, 10.0 + n) for n, phase in enumerate(sights)))
    assert [fact.at for fact in facts if isinstance(fact, JobMachineHeld)] == [at(10)]
    assert job.used_s(at(20)) == 10


def test_a_job_stopped_while_it_waits_at_its_provider_costs_nothing() -> None:
    job, _ = watched(launching(), saw(Phase.PENDING, PENDING_S))
    job = play(job, job.request_stop(reason=StopReason.USER, grace_s=5, now=at(9000), by=ANN))
    (end,) = job.confirm_gone(now=at(9001), by=SYSTEM)
    assert isinstance(end, JobStopped)
    assert end.used_s == 0


def test_a_provider_that_lost_it_before_any_machine_charges_nothing() -> None:
    (end,) = launching().observe(saw(Phase.GONE, PENDING_S), now=at(PENDING_S), by=SYSTEM)
    assert isinstance(end, JobFailed)
    assert end.used_s == 0


def test_a_node_whose_clock_is_behind_is_not_charged_before_its_launch() -> None:
    job, facts = watched(launching(seconds=100), saw(Phase.PROVISIONING, 40))
    assert [fact.at for fact in facts] == [at(100)]
    assert job.used_s(at(110)) == 10


def test_the_next_attempt_waits_for_its_machine_free_of_charge() -> None:
    job, _ = watched(
        launching(queued(retries=RetryPolicy(user=1))), saw(Phase.RUNNING, 5), ended(15, code=1)
    )
    job = launching(job, seconds=1000)
    assert job.used_s(at(5000)) == 10
    job, _ = watched(job, saw(Phase.RUNNING, 5000, attempt=2))
    assert job.used_s(at(5007)) == 17


def test_an_end_tells_what_all_attempts_cost_at_the_price_of_their_lease() -> None:
    job = _leased(queued(retries=RetryPolicy(user=1)), price=3.6, seconds=0)
    job, _ = watched(job, saw(Phase.RUNNING, 100), ended(200, code=1))
    job = _leased(job, price=7.2, seconds=1000)
    assert job.cost(at(5000)) == 0.1
    _, facts = watched(job, saw(Phase.SETUP, 5000, attempt=2), ended(5050, code=0, attempt=2))
    end = facts[-1]
    assert isinstance(end, JobCompleted)
    assert (end.cost, end.currency, end.used_s) == (0.2, "EUR", 150)


def test_an_attempt_recorded_before_machines_were_told_is_charged_from_its_launch() -> None:
    old = _as_once_recorded()
    assert old.used_s(at(31)) == 30
    _, facts = watched(old, saw(Phase.RUNNING, 40), ended(61, code=0))
    assert not any(isinstance(fact, JobMachineHeld) for fact in facts)
    end = facts[-1]
    assert isinstance(end, JobCompleted)
    assert end.used_s == 60


def _leased(job: Job, *, price: float, seconds: float) -> Job:
    job = play(job, job.launch(now=at(seconds), by=SYSTEM))
    taken = job.submitted(
        attempt=job.attempt, ref="ref", now=at(seconds), by=SYSTEM,
        price_per_hour=price, currency="EUR",
    )  # fmt: skip
    return play(job, taken)


def _as_once_recorded() -> Job:
    old = queued()
    (claimed,) = old.launch(now=at(1), by=SYSTEM)
    old = old.evolve(replace(claimed, charged_when_held=False))
    return play(old, old.submitted(attempt=1, ref="ref", now=at(2), by=SYSTEM))


stretches = st.tuples(
    st.integers(0, 90_000),  # waits
    st.integers(1, 5_000),  # holds a machine
    st.sampled_from([Phase.PROVISIONING, Phase.SETUP, Phase.RUNNING]),
)


@given(st.lists(stretches, min_size=1, max_size=4))
def test_what_is_charged_is_the_sum_of_the_times_with_a_machine(
    attempts: list[tuple[int, int, Phase]],
) -> None:
    job, told = queued(retries=RetryPolicy(user=len(attempts) - 1, backoff_s=0)), list[JobEvent]()
    now = 0.0
    for number, (waits, holds, phase) in enumerate(attempts, start=1):
        job = launching(job, seconds=now)
        pending = saw(Phase.PENDING, now + waits / 2, attempt=number)
        begins = saw(phase, now + waits, attempt=number)
        ends = ended(now + waits + holds, code=1, attempt=number)
        job, facts = watched(job, pending, begins, ends)
        told += facts
        now += waits + holds
    end = told[-1]
    assert isinstance(end, JobFailed)
    assert end.used_s == sum(holds for _, holds, _ in attempts)
