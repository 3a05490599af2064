"""The replay decides as was decided; another policy moves what it should."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace

from application.what_if.policy import Policy
from application.what_if.report import Report, report
from application.what_if.simulation import recorded, simulate
from application.what_if.trace import Trace
from benchmarks.busy_lab import BEGIN, PEOPLE, PROVIDER, TEAM, BusyLab
from domain.job_events import JobLaunching, JobQueued
from domain.model import Recorded
from domain.quotas import QuotaRefused, QuotaReserved


def facts_of(lab: BusyLab) -> list[Recorded]:
    return lab.run().read(0, 10**6)


def trace_of(facts: list[Recorded]) -> Trace:
    trace = Trace(TEAM)
    for fact in facts:
        trace.read(fact)
    return trace


def asked(trace: Trace, policy: Policy) -> Report:
    return report(
        trace,
        since=BEGIN,
        until=BEGIN + timedelta(days=400),
        recorded=recorded(trace),
        before=simulate(trace, Policy()),
        after=simulate(trace, policy),
    )


@pytest.fixture(scope="module")
def facts() -> list[Recorded]:
    return facts_of(BusyLab(jobs=1_500, minutes=9_000, seed=3))


@pytest.fixture(scope="module")
def trace(facts: list[Recorded]) -> Trace:
    return trace_of(facts)


def test_ten_thousand_jobs_are_decided_as_they_were() -> None:
    trace = trace_of(facts_of(BusyLab(jobs=10_000, minutes=20_000)))
    found = asked(trace, Policy())
    assert len(trace.asks) == 10_000
    assert trace.decisions > 10_000
    assert trace.divergences == []
    assert (found.unlike, found.wait_error_s, found.moved_count) == (0, 0.0, 0)
    assert found.recorded == found.before == found.after
    assert found.recorded[0].refused > 1_000


def test_with_twice_the_quota_the_refused_are_accepted_and_others_wait_longer(trace: Trace) -> None:
    found = asked(trace, Policy(factors={"team": 2.0}))
    was, would = found.before[0], found.after[0]
    assert was.refused > 100
    assert would.refused < was.refused
    assert would.launched > was.launched
    assert would.wait_mean_s > was.wait_mean_s
    assert any(not m.accepted_before and m.accepted_after for m in found.moved)


def test_each_person_has_their_own_line(trace: Trace) -> None:
    found = asked(trace, Policy(quotas={PEOPLE[0]: 0}))
    alone = {total.who: total for total in found.after}
    assert alone[PEOPLE[0]].launched == 0
    assert sum(alone[who].asked for who in PEOPLE) == alone[""].asked == 1_500
    assert alone[PEOPLE[1]].launched >= {t.who: t for t in found.before}[PEOPLE[1]].launched


def test_more_slots_shorten_waits_and_none_at_all_changes_nothing(trace: Trace) -> None:
    found = asked(trace, Policy(slots={PROVIDER: 500}))
    assert found.after[0].wait_mean_s < found.before[0].wait_mean_s / 10


def test_a_heavier_weight_uses_the_quota_up_sooner(trace: Trace) -> None:
    found = asked(trace, Policy(weights={"A100": 5.0}))
    assert found.after[0].refused > found.before[0].refused


def test_the_more_urgent_wait_less(trace: Trace) -> None:
    found = asked(trace, Policy(priorities={PEOPLE[2]: 100}))
    before = {total.who: total for total in found.before}[PEOPLE[2]]
    after = {total.who: total for total in found.after}[PEOPLE[2]]
    assert after.wait_mean_s < before.wait_mean_s / 2


def test_a_job_that_jumped_the_queue_is_a_divergence(facts: list[Recorded]) -> None:
    launches = [
        i
        for i, fact in enumerate(facts)
        if isinstance(fact.event, JobLaunching) and fact.event.attempt == 1
    ]
    queued = {
        f.event.originator_id: i for i, f in enumerate(facts) if isinstance(f.event, JobQueued)
    }
    first, second = next(
        (a, b) for a, b in pairwise(launches) if queued[facts[b].event.originator_id] < a
    )
    jumped = [*facts]
    jumped[first] = Recorded(facts[first].position, facts[first].recorded_at, facts[second].event)
    jumped[second] = Recorded(facts[second].position, facts[second].recorded_at, facts[first].event)
    found = trace_of(jumped).divergences
    assert found[0].position == facts[first].position
    assert f"before {facts[first].event.originator_id}, whose turn it was" in found[0].text


def test_a_refusal_that_had_room_and_a_reservation_that_had_none_are_divergences(
    facts: list[Recorded],
) -> None:
    place, refused = next(
        (i, f.event) for i, f in enumerate(facts) if isinstance(f.event, QuotaRefused)
    )
    assert isinstance(refused, QuotaRefused)
    small = replace(refused, jobs=(replace(refused.jobs[0], seconds=0),))
    changed = [*facts]
    changed[place] = Recorded(facts[place].position, facts[place].recorded_at, small)
    assert [d.position for d in trace_of(changed).divergences] == [facts[place].position]
    at, reserved = next(
        (i, f.event) for i, f in enumerate(facts) if isinstance(f.event, QuotaReserved)
    )
    assert isinstance(reserved, QuotaReserved)
    changed = [*facts]
    huge = replace(reserved, seconds=10**9)
    changed[at] = Recorded(facts[at].position, facts[at].recorded_at, huge)
    assert trace_of(changed).divergences[0].position == facts[at].position
