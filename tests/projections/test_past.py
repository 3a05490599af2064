"""A read model as of any position is what a fresh store would show that was fed the log up to there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import psycopg
import pytest

from benchmarks.past_lab import PastLab, fill
from domain.codec import EVERYTHING
from domain.events import ALL
from domain.model import Event
from projections.catalogue import PROJECTIONS
from projections.connection import Pool
from projections.past import Historian
from projections.projector import Projector
from projections.queries import Queries
from tests.golden.random_events import random_event
from tests.projections.past_checked import as_of, fed, live

pytestmark = pytest.mark.postgres
Connection = psycopg.Connection[Any]


@pytest.fixture
def conn(postgres: str) -> Iterator[Connection]:
    with psycopg.connect(postgres, autocommit=True) as opened:
        yield opened


def lived(seed: int) -> list[Event]:
    """What commands made of a small lab."""
    return list(PastLab(seed=seed, team_count=2, people_a_team=3).events(400))


def any_events(seed: int) -> list[Event]:
    """Facts of every kind about a few things each, in any order: also those no command would record."""
    random = Random(seed)
    return [random_event(random.choice(ALL), random, things=3) for _ in range(600)]


@pytest.mark.parametrize("history", [lived, any_events], ids=["lived", "any"])
@pytest.mark.parametrize("seed", range(3))
def test_as_of_is_a_fresh_store_fed_that_prefix_and_the_incremental_one(
    conn: Connection, pool: Pool, schema: str, history: Any, seed: int
) -> None:
    random = Random(seed)
    numbered = PastLab().numbered if history is any_events else lambda event: event
    head = fill(conn, schema, map(numbered, history(seed)))
    prefixes = [*sorted(random.sample(range(1, head), 2)), head]
    for projection in PROJECTIONS:
        historian = Historian(pool, projection, schema, batch=random.randint(5, 200))
        projector = Projector(conn, projection, schema, batch=random.randint(5, 200))
        shown = {}
        for position in prefixes:
            projector.catch_up(position)
            shown[position] = live(conn, projection, schema)
        historian.catch_up(random.randint(0, head))
        historian.catch_up()
        for position in prefixes:
            told = as_of(conn, projection, schema, position)
            assert told == shown[position]
            assert told == fed(conn, projection, schema, position)


def test_before_the_first_event_there_is_nothing(conn: Connection, pool: Pool, schema: str) -> None:
    fill(conn, schema, iter(lived(1)))
    for projection in PROJECTIONS:
        Historian(pool, projection, schema).catch_up()
        assert not any(as_of(conn, projection, schema, 0).values())


def test_a_time_is_the_position_of_the_last_event_recorded_by_then(
    conn: Connection, pool: Pool, schema: str
) -> None:
    queries = Queries(pool, schema)
    assert queries.position_at(datetime(2026, 1, 1, tzinfo=UTC)) == 0
    head = fill(conn, schema, iter(lived(2)))
    times = [row[0] for row in conn.execute(f"select recorded_at from {schema}.events order by 1")]
    for at in [times[0], times[len(times) // 2], times[-1]]:
        assert queries.position_at(at) == sum(time <= at for time in times)
    assert queries.position_at(datetime(2025, 12, 31, tzinfo=UTC)) == 0
    assert queries.position_at(datetime(2030, 1, 1, tzinfo=UTC)) == head
    assert queries.moment(head) == times[-1]
    assert queries.moment(0) is None


def test_every_event_class_is_met(schema: str) -> None:
    met = {type(event) for seed in range(4) for event in any_events(seed)}
    assert met == set(EVERYTHING.types.values())
