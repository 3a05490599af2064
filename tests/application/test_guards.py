"""Whatever is asked in whatever order, guards never pass what they guard."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from application.log import Fenced, UniqueTaken
from application.memory_log import MemoryEventLog
from domain.errors import LabError, QuotaExceeded
from domain.model import Guard, GuardKind
from tests.fakes.toy_events import TOYS, sent

quotas = st.builds(
    Guard,
    st.just(GuardKind.QUOTA),
    st.sampled_from("ab"),
    st.integers(-5, 9),
    st.none() | st.integers(0, 20),
)
uniques = st.builds(
    Guard,
    st.just(GuardKind.UNIQUE),
    st.sampled_from("ab"),
    st.sampled_from([1, -1]),
    st.none(),
    st.sampled_from("xyz"),
)
fences = st.builds(Guard, st.just(GuardKind.FENCE), st.sampled_from("ab"), st.integers(0, 9))


@given(st.lists(quotas))
def test_a_reservation_is_accepted_exactly_when_it_fits(asked: list[Guard]) -> None:
    log, used, limits = MemoryEventLog(TOYS), {"a": 0, "b": 0}, dict[str, int]()
    for guard in asked:
        limit = guard.limit if guard.limit is not None else limits.get(guard.scope)
        fits = guard.amount <= 0 or limit is None or used[guard.scope] + guard.amount <= limit
        try:
            log.append([sent("a")], [guard])
        except QuotaExceeded:
            assert not fits
            continue
        assert fits
        used[guard.scope] += guard.amount
        if limit is not None:
            limits[guard.scope] = limit
    for scope, amount in used.items():
        held = log.guard(GuardKind.QUOTA, scope)
        assert (held.amount if held else 0) == amount


@given(st.lists(uniques))
def test_a_unique_scope_never_has_two_holders(asked: list[Guard]) -> None:
    log, holders = MemoryEventLog(TOYS), dict[str, str]()
    for guard in asked:
        try:
            log.append([], [guard])
        except UniqueTaken as refusal:
            assert refusal.ref == holders[guard.scope] != guard.ref
            continue
        if guard.amount == 1:
            assert holders.setdefault(guard.scope, guard.ref) == guard.ref
        elif holders.get(guard.scope) == guard.ref:
            del holders[guard.scope]


@given(st.lists(fences))
def test_accepted_terms_never_go_back(asked: list[Guard]) -> None:
    log, accepted = MemoryEventLog(TOYS), dict[str, list[int]]()
    for guard in asked:
        with suppress(Fenced):
            log.append([], [guard])
            accepted.setdefault(guard.scope, []).append(guard.amount)
    assert all(terms == sorted(terms) for terms in accepted.values())


@given(st.lists(quotas | uniques | fences, min_size=1, max_size=6))
def test_an_append_moves_all_of_its_guards_or_none(asked: list[Guard]) -> None:
    log = MemoryEventLog(TOYS)
    try:
        log.append([sent("a", 1)], asked)
    except LabError:
        assert log.head() == 0
        assert all(log.guard(guard.kind, guard.scope) is None for guard in asked)
    else:
        assert log.head() == 1
