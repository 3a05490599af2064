"""The in-memory log keeps the contract of every event log."""

from __future__ import annotations

from datetime import timedelta

import pytest

from application.memory_log import MemoryEventLog
from tests.contracts.event_log import EventLogContract
from tests.fakes.toy_events import NOON, TOYS, sent


class TestMemoryEventLog(EventLogContract):
    @pytest.fixture
    def log(self) -> MemoryEventLog:
        return MemoryEventLog(TOYS)


def test_a_clock_that_steps_back_does_not_turn_time_back() -> None:
    times = iter([NOON, NOON - timedelta(hours=1)])
    log = MemoryEventLog(TOYS, clock=lambda: next(times))
    log.append([sent("a", 1)])
    log.append([sent("a", 2)])
    assert [r.recorded_at for r in log.read(0, 9)] == [NOON, NOON]
