"""The specification of the Job aggregate: given facts, when a command, then facts."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.errors import IllegalTransition, NotQueued
from domain.ids import launch_token
from domain.job_events import (
    FINAL,
    NEXT,
    JobActiveAgain,
    JobAttemptFailed,
    JobCompleted,
    JobFailed,
    JobLaunching,
    JobMachineHeld,
    JobRunning,
    JobSeenAgain,
    JobStalled,
    JobStatus,
    JobStopped,
    JobStopRequested,
    JobUnseen,
    JobWaitExplained,
    StopReason,
)
from domain.job_spec import RetryPolicy
from domain.jobs import Job, fold
from domain.loss import LossPolicy
from domain.observations import Exit, FailureClass, Observation, Phase
from domain.telemetry import Signs
from tests.domain.jobs_given import (
    ANN,
    SYSTEM,
    at,
    ended,
    launching,
    play,
    queued,
    running,
    saw,
)


def kinds(events: object) -> list[type]:
    return [type(e) for e in events]  # type: ignore[attr-defined]


def test_there_are_six_statuses_and_three_are_final() -> None:
    assert {s.value for s in NEXT} == {
        "QUEUED", "LAUNCHING", "RUNNING", "COMPLETE", "FAILED", "STOPPED",
    }  # fmt: skip
    assert frozenset({JobStatus.COMPLETE, JobStatus.FAILED, JobStatus.STOPPED}) == FINAL


def test_launching_claims_the_attempt_with_a_token_anyone_can_compute() -> None:
    (claimed,) = queued().launch(now=at(1), by=SYSTEM)
    assert isinstance(claimed, JobLaunching)
    assert (claimed.attempt, claimed.token) == (1, launch_token(queued().id, 1))
    assert len(claimed.token) == 20


def test_launching_twice_records_one_fact() -> None:
    job = launching()
    assert job.launch(now=at(3), by=SYSTEM) == []


def test_a_finished_job_cannot_launch() -> None:
    job = running()
    job = play(job, job.observe(ended(9, code=0), now=at(9), by=SYSTEM))
    with pytest.raises(IllegalTransition):
        job.launch(now=at(10), by=SYSTEM)


def test_a_job_runs_only_when_it_was_seen_running() -> None:
    job = launching()
    assert job.status is JobStatus.LAUNCHING
    held, fact = job.observe(saw(Phase.RUNNING, 5), now=at(5), by=SYSTEM)
    assert isinstance(held, JobMachineHeld)
    assert isinstance(fact, JobRunning)
    assert fact.evidence == "node"


def test_the_same_observation_twice_records_one_fact() -> None:
    job = running()
    assert job.observe(saw(Phase.RUNNING, 6), now=at(6), by=SYSTEM) == []


def test_an_observation_of_an_older_attempt_says_nothing() -> None:
    job = running()
    assert job.observe(ended(6, code=0, attempt=0), now=at(6), by=SYSTEM) == []


def test_exit_code_zero_completes_and_charges_from_its_machine_to_its_end() -> None:
    job = running()
    (fact,) = job.observe(ended(31, code=0), now=at(40), by=SYSTEM)
    assert isinstance(fact, JobCompleted)
    assert fact.used_s == 31 - 5
    assert fact.at == at(31)


def test_an_end_seen_before_the_run_was_seen_records_both() -> None:
    events = launching().observe(ended(8, code=0), now=at(8), by=SYSTEM)
    assert kinds(events) == [JobMachineHeld, JobRunning, JobCompleted]
    assert [e.originator_version for e in events] == [4, 5, 6]


@pytest.mark.parametrize(
    ("end", "blame"),
    [
        (Exit(code=3), FailureClass.USER_CODE),
        (Exit(signal=11), FailureClass.USER_CODE),
        (Exit(signal=9, out_of_memory=True), FailureClass.OUT_OF_MEMORY),
        (Exit(code=1, phase="setup"), FailureClass.SETUP),
    ],
)
def test_a_bad_end_fails_with_its_class_code_and_a_sentence(end: Exit, blame: FailureClass) -> None:
    events = running().observe(saw(Phase.ENDED, 9, end=end), now=at(9), by=SYSTEM)
    fact = events[-1]
    assert isinstance(fact, JobFailed)
    assert (fact.blame, fact.exit) == (blame, end)
    assert fact.reason.endswith(".")


def test_a_vanished_machine_is_never_complete() -> None:
    (fact,) = running().observe(saw(Phase.GONE, 9), now=at(9), by=SYSTEM)
    assert isinstance(fact, JobFailed)
    assert fact.blame is FailureClass.NODE_LOST


def test_code_that_called_error_fails_even_with_exit_code_zero() -> None:
    job = running()
    job = play(job, job.report_error(attempt=1, message="nan loss", now=at(7), by=SYSTEM))
    (fact,) = job.observe(ended(9, code=0), now=at(9), by=SYSTEM)
    assert isinstance(fact, JobFailed)
    assert fact.reason == "nan loss"


def test_a_platform_fault_is_retried_with_back_off_and_a_visible_budget() -> None:
    job = running(queued(retries=RetryPolicy(platform=2, backoff_s=10)))
    (fact,) = job.observe(saw(Phase.GONE, 9), now=at(9), by=SYSTEM)
    assert isinstance(fact, JobAttemptFailed)
    assert (fact.retries_left, fact.next_at) == (1, at(19))
    again = play(job, [fact])
    assert again.status is JobStatus.QUEUED
    (claimed,) = again.launch(now=at(20), by=SYSTEM)
    assert isinstance(claimed, JobLaunching)
    assert claimed.attempt == 2
    assert claimed.token != job.token


def test_a_job_that_somebody_cancelled_at_the_provider_is_not_sent_again() -> None:
    generous = RetryPolicy(platform=3, user=3)
    told = "The job was cancelled in Slurm by eve."
    for end in (None, Exit(signal=15, reason="The command was stopped by signal 15.")):
        seen = saw(Phase.ENDED, 9, end=end)
        seen = replace(seen, blame=FailureClass.CANCELLED, reason=told)
        fact = running(queued(retries=generous)).observe(seen, now=at(9), by=SYSTEM)[-1]
        assert isinstance(fact, JobFailed)
        assert (fact.blame, fact.reason) == (FailureClass.CANCELLED, told)


def test_a_users_fault_is_not_paid_from_the_platforms_budget() -> None:
    job = running(queued(retries=RetryPolicy(user=0, platform=5)))
    (fact,) = job.observe(ended(9, code=1), now=at(9), by=SYSTEM)
    assert isinstance(fact, JobFailed)


def test_time_of_failed_attempts_is_charged_too() -> None:
    job = running(queued(retries=RetryPolicy(user=1)))
    job = play(job, job.observe(ended(11, code=1), now=at(11), by=SYSTEM))
    job = running(job, seconds=24)
    (fact,) = job.observe(ended(40, code=0, attempt=2), now=at(40), by=SYSTEM)
    assert isinstance(fact, JobCompleted)
    assert fact.used_s == (11 - 5) + (40 - 24)


def test_a_queued_job_stops_at_once() -> None:
    events = queued().request_stop(reason=StopReason.USER, grace_s=5, now=at(3), by=ANN)
    assert kinds(events) == [JobStopRequested, JobStopped]


def test_a_running_job_is_stopped_only_when_its_end_is_seen() -> None:
    job = running()
    asked = job.request_stop(reason=StopReason.USER, grace_s=5, now=at(7), by=ANN)
    assert kinds(asked) == [JobStopRequested]
    job = play(job, asked)
    assert job.status is JobStatus.RUNNING
    (fact,) = job.observe(ended(9, signal=15), now=at(9), by=SYSTEM)
    assert isinstance(fact, JobStopped)
    assert fact.by == ANN
    assert fact.exit == Exit(signal=15)


def test_a_job_that_ended_well_before_the_stop_is_complete() -> None:
    job = running()
    job = play(job, job.request_stop(reason=StopReason.USER, grace_s=5, now=at(9), by=ANN))
    (fact,) = job.observe(ended(8, code=0), now=at(10), by=SYSTEM)
    assert isinstance(fact, JobCompleted)


def test_stopping_twice_records_one_fact() -> None:
    job = running()
    job = play(job, job.request_stop(reason=StopReason.USER, grace_s=5, now=at(7), by=ANN))
    assert job.request_stop(reason=StopReason.USER, grace_s=5, now=at(8), by=ANN) == []


def test_a_stopped_job_is_not_retried() -> None:
    job = running(queued(retries=RetryPolicy(platform=5, user=5)))
    job = play(job, job.request_stop(reason=StopReason.USER, grace_s=5, now=at(7), by=ANN))
    (fact,) = job.observe(saw(Phase.GONE, 9), now=at(9), by=SYSTEM)
    assert isinstance(fact, JobStopped)


@pytest.mark.parametrize(
    ("job", "now_s", "due"),
    [
        (launching(queued(launch_timeout_s=60)), 62, StopReason.LAUNCH_TIMEOUT),
        (launching(queued(launch_timeout_s=60)), 59, None),
        (running(queued(timeout_s=60)), 65, StopReason.RUN_TIMEOUT),
        (running(queued(timeout_s=60)), 64, None),
        (running(queued()), 10**9, None),
        (queued(timeout_s=1), 10**9, None),
    ],
)
def test_a_timeout_is_due_when_its_phase_took_too_long(
    job: Job, now_s: float, due: StopReason | None
) -> None:
    assert job.due_stop(now=at(now_s), default_launch_timeout_s=3600, signs=Signs()) is due


@pytest.mark.parametrize(
    ("signs", "due"),
    [
        (Signs(), None),
        (Signs(heard_at=at(900)), StopReason.IDLE_TIMEOUT),
        (Signs(heard_at=at(900), active_at=at(301)), None),
        (Signs(heard_at=at(901), active_at=at(301)), StopReason.IDLE_TIMEOUT),
    ],
)
def test_a_job_is_idle_only_as_far_as_its_node_was_heard(
    signs: Signs, due: StopReason | None
) -> None:
    job = running(launching(queued(idle_timeout_s=600)))
    assert job.due_stop(now=at(10**6), default_launch_timeout_s=3600, signs=signs) is due


def test_a_stall_is_noted_once_and_taken_back_at_the_next_sign_of_work() -> None:
    job = running()
    silent = Signs(heard_at=at(1_000), active_at=at(50))
    (fact,) = job.note_signs(silent, stalled_after_s=900, now=at(1_000), by=SYSTEM)
    assert isinstance(fact, JobStalled)
    assert fact.idle_since == at(50)
    job = play(job, [fact])
    assert job.note_signs(silent, stalled_after_s=900, now=at(1_100), by=SYSTEM) == []
    lively = Signs(heard_at=at(1_200), active_at=at(1_199))
    back = job.note_signs(lively, stalled_after_s=900, now=at(1_200), by=SYSTEM)
    assert kinds(back) == [JobActiveAgain]
    assert play(job, back).note_signs(lively, stalled_after_s=900, now=at(1_201), by=SYSTEM) == []


@pytest.mark.parametrize("job", [queued(ttl_s=60), launching(queued(ttl_s=60))])
def test_a_time_to_live_counts_from_queueing_in_every_status(job: Job) -> None:
    due = partial(job.due_stop, default_launch_timeout_s=3600, signs=Signs())
    assert due(now=at(59)) is None
    assert due(now=at(61)) is StopReason.TTL


def test_a_timeout_ends_failed_with_its_class_and_sentence() -> None:
    job = running(queued(timeout_s=60, retries=RetryPolicy(platform=9, user=9)))
    asked = job.request_stop(
        reason=StopReason.RUN_TIMEOUT, grace_s=5, now=at(66), by=SYSTEM, text="Too long."
    )
    (fact,) = play(job, asked).observe(ended(67, signal=15), now=at(67), by=SYSTEM)
    assert isinstance(fact, JobFailed)
    assert (fact.blame, fact.reason) == (FailureClass.TIMEOUT, "Too long.")


def test_a_node_that_enforced_the_timeout_itself_is_believed() -> None:
    (fact,) = running(queued(timeout_s=60)).observe(ended(95, signal=15), now=at(99), by=SYSTEM)
    assert isinstance(fact, JobFailed)
    assert fact.blame is FailureClass.TIMEOUT


def test_a_refused_launch_is_final_unless_it_is_transient() -> None:
    job = play(queued(retries=RetryPolicy(platform=1)), [])
    job = play(job, job.launch(now=at(1), by=SYSTEM))
    common = {"attempt": 1, "reason": "no", "now": at(2), "by": SYSTEM}
    assert kinds(job.launch_refused(transient=False, **common)) == [JobFailed]  # type: ignore[arg-type]
    assert kinds(job.launch_refused(transient=True, **common)) == [JobAttemptFailed]  # type: ignore[arg-type]


def test_why_it_waits_is_recorded_when_it_changes() -> None:
    job = queued()
    (fact,) = job.explain_wait(code="no_room:cpus", text="full", now=at(1), by=SYSTEM)
    assert isinstance(fact, JobWaitExplained)
    job = job.evolve(fact)
    assert job.explain_wait(code="no_room:cpus", text="full", now=at(2), by=SYSTEM) == []


def test_a_wait_in_the_providers_own_queue_is_bounded_by_the_jobs_own_limit_alone() -> None:
    for own_s, due in ((None, None), (60, StopReason.LAUNCH_TIMEOUT)):
        job = launching(queued(launch_timeout_s=own_s))
        job = play(job, job.explain_wait(code="provider: x", text="x", now=at(3), by=SYSTEM))
        assert job.due_stop(now=at(7200), default_launch_timeout_s=3600, signs=Signs()) is due


def test_what_the_provider_knows_of_an_end_is_told_before_what_the_node_saw() -> None:
    seen = replace(ended(9, signal=15), blame=FailureClass.PREEMPTED, reason="Preempted.")
    (fact,) = running(queued(retries=RetryPolicy(platform=0))).observe(seen, now=at(9), by=SYSTEM)
    assert isinstance(fact, JobFailed)
    assert (fact.blame, fact.reason) == (FailureClass.PREEMPTED, "Preempted.")


def test_unseen_is_noted_once_and_taken_back_when_it_is_seen() -> None:
    job = running()
    (fact,) = job.unseen(now=at(9), by=SYSTEM)
    assert isinstance(fact, JobUnseen)
    job = job.evolve(fact)
    assert job.unseen(now=at(10), by=SYSTEM) == []
    assert kinds(job.observe(saw(Phase.RUNNING, 11), now=at(11), by=SYSTEM)) == [JobSeenAgain]


def test_lost_needs_both_time_and_answers() -> None:
    policy = LossPolicy(lost_after_s=120, polls=5)
    assert not policy.is_lost(unseen_since=at(0), unseen_polls=4, now=at(10**6))
    assert not policy.is_lost(unseen_since=at(0), unseen_polls=10**6, now=at(119))
    assert policy.is_lost(unseen_since=at(0), unseen_polls=5, now=at(120))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["launch", "submit", "setup", "run", "end0", "end1", "gone", "stop", "refuse"]
        ),
        st.integers(0, 3),
    ),
    max_size=25,
)


@settings(deadline=None)  # a loaded machine is no fault
@given(STEPS)
def test_no_history_breaks_the_transition_table(steps: list[tuple[str, int]]) -> None:
    """Whatever is asked in whatever order, every move is one the table allows, and versions have no gap."""
    job = queued(retries=RetryPolicy(user=1, platform=1))
    history = []
    for second, (step, attempt) in enumerate(steps):
        now = at(second + 1)
        try:
            events = _do(job, step, attempt or job.attempt, second + 1)
        except IllegalTransition:
            continue
        for event in events:
            before, job = job, job.evolve(event)
            assert job.status is before.status or job.status in NEXT[before.status]
            assert event.originator_version == before.version + 1
            assert event.at <= now
            history.append(event)
    assert sum(e.tag_is_end for e in map(_Tagged, history)) <= 1


class _Tagged:
    def __init__(self, event: object) -> None:
        self.tag_is_end = isinstance(event, JobCompleted | JobFailed | JobStopped)


def _do(job: Job, step: str, attempt: int, second: int) -> list[object]:
    now = at(second)
    sights: dict[str, Observation] = {
        "setup": saw(Phase.SETUP, second, attempt=attempt),
        "run": saw(Phase.RUNNING, second, attempt=attempt),
        "end0": ended(second, code=0, attempt=attempt),
        "end1": ended(second, code=1, attempt=attempt),
        "gone": saw(Phase.GONE, second, attempt=attempt),
    }
    if step in sights:
        return list(job.observe(sights[step], now=now, by=SYSTEM))
    if step == "launch":
        return list(job.launch(now=now, by=SYSTEM))
    if step == "submit":
        return list(job.submitted(attempt=attempt, ref="r", now=now, by=SYSTEM))
    if step == "refuse":
        return list(
            job.launch_refused(attempt=attempt, reason="no", transient=True, now=now, by=SYSTEM)
        )
    return list(job.request_stop(reason=StopReason.USER, grace_s=1, now=now, by=ANN))


def test_folding_a_stream_is_evolving_over_it() -> None:
    job = queued()
    claimed = job.launch(now=at(1), by=SYSTEM)
    assert fold(claimed).attempt == 1


def test_a_queued_job_is_moved_once_and_is_launched_where_it_waits_then() -> None:
    (fact,) = queued().move(provider="prov_2", budget=5, now=at(1), by=ANN)
    job = play(queued(), [fact])
    assert job.move(provider="prov_2", budget=5, now=at(2), by=ANN) == []
    (claimed,) = job.launch(now=at(3), by=SYSTEM)
    assert isinstance(claimed, JobLaunching)
    assert (claimed.provider, claimed.token) == ("prov_2", launch_token(job.id, 1))
    assert job.queued_at == at(0)
    assert job.hold == queued().hold


@pytest.mark.parametrize("job", [launching(), running()])
def test_a_job_that_waits_no_more_is_not_moved(job: Job) -> None:
    with pytest.raises(NotQueued):
        job.move(provider="prov_2", budget=0, now=at(99), by=ANN)


def test_a_job_that_waits_for_its_retry_can_go_elsewhere_for_it() -> None:
    job = running(queued(retries=RetryPolicy(platform=1)))
    lost = job.observe(saw(Phase.GONE, 9), now=at(9), by=SYSTEM)
    job = play(job, lost)
    job = play(job, job.move(provider="prov_2", budget=0, now=at(10), by=ANN))
    assert (job.attempt, job.status, job.provider) == (1, JobStatus.QUEUED, "prov_2")
