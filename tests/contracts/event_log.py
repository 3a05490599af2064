"""What every event log must do: subclass, and give an empty ``log`` of toy events."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from application.log import EventLog, Fenced, UniqueTaken
from domain.errors import Conflict, QuotaExceeded
from domain.model import Guard, GuardKind
from tests.fakes.toy_events import arrived, sent

QUOTA, UNIQUE, FENCE = GuardKind.QUOTA, GuardKind.UNIQUE, GuardKind.FENCE


class EventLogContract:
    @pytest.fixture
    def log(self) -> EventLog:
        raise NotImplementedError

    def test_an_empty_log_has_head_zero_and_nothing_to_read(self, log: EventLog) -> None:
        assert (log.head(), log.read(0, 10), log.stream("parcel_1")) == (0, [], [])

    def test_what_was_appended_is_read_back_in_order(self, log: EventLog) -> None:
        events = [sent("parcel_1", 1), arrived("parcel_1", 2), sent("parcel_2", 1)]
        assert log.append(events) == log.head()
        assert log.stream("parcel_1") == events[:2]
        recorded = log.read(0, 10)
        assert [r.event for r in recorded] == events
        assert [r.position for r in recorded] == sorted({r.position for r in recorded})
        assert all(r.recorded_at.utcoffset() == timedelta(0) for r in recorded)

    def test_several_streams_and_guards_are_read_at_one_look(self, log: EventLog) -> None:
        facts = [sent("a", 1), sent("b", 1), arrived("a", 2)]
        log.append(facts, [Guard(QUOTA, "q", 5, 9), Guard(UNIQUE, "q", 1, ref="me")])
        assert log.streams(["a", "none", "b"]) == {
            "a": [facts[0], facts[2]], "none": [], "b": [facts[1]],
        }  # fmt: skip
        assert log.guards([(QUOTA, "q"), (UNIQUE, "q"), (FENCE, "q")]) == {
            (QUOTA, "q"): Guard(QUOTA, "q", 5, 9),
            (UNIQUE, "q"): Guard(UNIQUE, "q", 1, None, "me"),
        }
        assert (log.streams([]), log.guards([])) == ({}, {})

    def test_reading_starts_after_a_position_and_ends_at_another(self, log: EventLog) -> None:
        log.append([sent("parcel_1", n) for n in range(1, 7)])
        positions = [r.position for r in log.read(0, 10)]
        assert [r.position for r in log.read(positions[1], 2)] == positions[2:4]
        assert [r.position for r in log.read(0, 10, upto=positions[2])] == positions[:3]
        assert log.read(log.head(), 10) == []
        assert log.read(0, 0) == []

    def test_recorded_times_never_go_back(self, log: EventLog) -> None:
        for n in range(1, 6):
            log.append([sent("parcel_1", n)])
        times = [r.recorded_at for r in log.read(0, 10)]
        assert times == sorted(times)

    def test_a_taken_version_is_a_conflict_and_records_nothing(self, log: EventLog) -> None:
        log.append([sent("parcel_1", 1)])
        with pytest.raises(Conflict, match="parcel_1"):
            log.append([sent("parcel_2", 1), arrived("parcel_1", 1)], [Guard(QUOTA, "q", 5)])
        assert log.stream("parcel_2") == []
        assert log.guard(QUOTA, "q") is None

    def test_the_store_assigns_the_next_version_when_asked(self, log: EventLog) -> None:
        log.append([sent("a", 1)])
        log.append([sent("a"), sent("b"), sent("a"), sent("b")])
        assert [e.originator_version for e in log.stream("a")] == [1, 2, 3]
        assert [e.originator_version for e in log.stream("b")] == [1, 2]
        assert [r.event.originator_version for r in log.read(0, 9)] == [1, 2, 1, 3, 2]

    def test_guards_without_events_answer_with_the_head(self, log: EventLog) -> None:
        assert log.append([], [Guard(FENCE, "leader", 1)]) == 0
        head = log.append([sent("a", 1)])
        assert log.append([], [Guard(FENCE, "leader", 2)]) == head

    def test_a_quota_without_a_limit_only_counts(self, log: EventLog) -> None:
        log.append([], [Guard(QUOTA, "team", 10**12)])
        assert log.guard(QUOTA, "team") == Guard(QUOTA, "team", 10**12)

    def test_a_quota_refuses_what_does_not_fit_and_says_what_is_left(self, log: EventLog) -> None:
        log.append([], [Guard(QUOTA, "team", 7, limit=10)])
        with pytest.raises(QuotaExceeded) as refusal:
            log.append([sent("a", 1)], [Guard(QUOTA, "team", 4)])
        told = {"scope": "team", "asked": 4, "left": 3, "limit": 10}
        assert refusal.value.values == told | {"whose": "the member"}
        assert log.stream("a") == []
        log.append([sent("a", 1)], [Guard(QUOTA, "team", 3)])
        assert log.guard(QUOTA, "team") == Guard(QUOTA, "team", 10, 10)

    def test_a_release_is_never_refused_even_over_a_lowered_limit(self, log: EventLog) -> None:
        log.append([], [Guard(QUOTA, "team", 7, limit=10)])
        log.append([], [Guard(QUOTA, "team", 0, limit=2)])
        log.append([], [Guard(QUOTA, "team", -3)])
        assert log.guard(QUOTA, "team") == Guard(QUOTA, "team", 4, 2)
        with pytest.raises(QuotaExceeded) as refusal:
            log.append([], [Guard(QUOTA, "team", 1)])
        assert refusal.value.values["left"] == 0

    def test_a_refused_guard_undoes_the_guards_before_it(self, log: EventLog) -> None:
        log.append([], [Guard(QUOTA, "b", 0, limit=0)])
        with pytest.raises(QuotaExceeded):
            log.append([], [Guard(QUOTA, "a", 1), Guard(QUOTA, "b", 1)])
        assert log.guard(QUOTA, "a") is None

    def test_the_same_scope_twice_in_one_append_counts_twice(self, log: EventLog) -> None:
        with pytest.raises(QuotaExceeded):
            log.append([], [Guard(QUOTA, "a", 2, limit=3), Guard(QUOTA, "a", 2)])

    def test_a_unique_scope_has_one_holder_until_it_is_freed(self, log: EventLog) -> None:
        log.append([], [Guard(UNIQUE, "slug:nlp", ref="team_1")])
        log.append([], [Guard(UNIQUE, "slug:nlp", ref="team_1")])
        with pytest.raises(UniqueTaken) as refusal:
            log.append([sent("a", 1)], [Guard(UNIQUE, "slug:nlp", ref="team_2")])
        assert refusal.value.values == {"scope": "slug:nlp", "ref": "team_1"}
        assert log.guard(UNIQUE, "slug:nlp") == Guard(UNIQUE, "slug:nlp", 1, None, "team_1")
        log.append([], [Guard(UNIQUE, "slug:nlp", -1, ref="team_1")])
        log.append([], [Guard(UNIQUE, "slug:nlp", ref="team_2")])

    def test_a_stranger_cannot_free_a_unique_scope(self, log: EventLog) -> None:
        log.append([], [Guard(UNIQUE, "slug:nlp", ref="team_1")])
        log.append([], [Guard(UNIQUE, "slug:nlp", -1, ref="team_2")])
        assert log.guard(UNIQUE, "slug:nlp") is not None

    def test_an_older_term_is_fenced_and_the_same_term_goes_on(self, log: EventLog) -> None:
        log.append([], [Guard(FENCE, "leader", 3)])
        log.append([sent("a", 1)], [Guard(FENCE, "leader", 3)])
        with pytest.raises(Fenced) as refusal:
            log.append([sent("a", 2)], [Guard(FENCE, "leader", 2)])
        assert refusal.value.values == {"scope": "leader", "term": 2, "seen": 3}
        assert log.guard(FENCE, "leader") == Guard(FENCE, "leader", 3)

    def test_kinds_of_guards_do_not_share_scopes(self, log: EventLog) -> None:
        log.append([], [Guard(QUOTA, "x", 5), Guard(UNIQUE, "x", ref="r"), Guard(FENCE, "x", 9)])
        assert log.guard(QUOTA, "x") == Guard(QUOTA, "x", 5)
        assert log.guard(FENCE, "x") == Guard(FENCE, "x", 9)

    def test_a_tailing_reader_loses_no_event_of_eight_writers(self, log: EventLog) -> None:
        writers, appends, done = 8, 40, threading.Event()

        def write(writer: int) -> None:
            for n in range(1, appends + 1):
                log.append([sent(f"{writer}_{n}", version) for version in (1, 2, 3)])

        def tail() -> None:
            last = 0
            while True:
                finished = done.is_set()
                batch = log.read(last, 50)
                seen.extend(r.position for r in batch)
                if not batch and finished:
                    return
                last = batch[-1].position if batch else last

        seen: list[int] = []
        reader = threading.Thread(target=tail)
        threads = [threading.Thread(target=write, args=(n,)) for n in range(writers)]
        for thread in (reader, *threads):
            thread.start()
        for thread in threads:
            thread.join()
        done.set()
        reader.join()
        assert seen == [r.position for r in log.read(0, 10_000)]
        assert len(seen) == writers * appends * 3

    def test_racing_reservations_never_pass_the_limit(self, log: EventLog) -> None:
        log.append([], [Guard(QUOTA, "team", 0, limit=50)])
        accepted: list[str] = []

        def submit(writer: int) -> None:
            for n in range(20):
                name = f"{writer}_{n}"
                try:
                    log.append([sent(name, 1), sent("ledger")], [Guard(QUOTA, "team", 1)])
                except QuotaExceeded:
                    continue
                accepted.append(name)

        threads = [threading.Thread(target=submit, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(accepted) == 50
        assert [e.originator_version for e in log.stream("ledger")] == list(range(1, 51))
