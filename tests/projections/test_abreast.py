"""Read models that stand together fold each event once, together; else each goes by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from domain.codec import Catalogue, catalogue
from domain.model import Event
from projections.abreast import Abreast
from projections.connection import Pool
from projections.projector import Projector
from projections.sink import ProjectionFenced
from server.postgres.event_store import PostgresEventLog
from tests.fakes.toy_events import TOYS, ParcelSent, lost, sent
from tests.projections.parcels import PARCELS

pytestmark = pytest.mark.postgres
NEXT = replace(PARCELS, version=2)


class Lab:
    """Two read models of the parcels over one log."""

    def __init__(self, pool: Pool, schema: str) -> None:
        self.pool, self.schema = pool, schema
        self.models = [Projector(pool, one, schema, catalogue=TOYS) for one in (PARCELS, NEXT)]

    def abreast(self, known: Catalogue = TOYS) -> Abreast:
        return Abreast(self.pool, self.models, self.schema, positions="positions", catalogue=known)

    def places(self) -> list[int]:
        return [model.position() for model in self.models]

    def weighed(self) -> list[object]:
        with self.pool.connection() as conn:
            return [
                conn.execute(
                    f"select city, parcels from {self.schema}.cities_v{n}".encode()
                ).fetchall()
                for n in (1, 2)
            ]


@pytest.fixture
def lab(pool: Pool, schema: str, event_log: PostgresEventLog) -> Lab:
    """Both models have the first of two events."""
    made = Lab(pool, schema)
    event_log.append([sent("a", 1)])
    for model in made.models:
        model.catch_up()
    event_log.append([sent("b", 1)])
    return made


def test_each_event_is_folded_once_into_every_model_and_each_is_announced(
    lab: Lab, postgres: str
) -> None:
    with psycopg.connect(postgres, autocommit=True) as listener:
        listener.execute(f"listen lab_changes_{lab.schema}".encode())
        assert lab.abreast().catch_up() == 1
        told = [json.loads(n.payload) for n in listener.notifies(timeout=5, stop_after=2)]
    assert lab.weighed() == [[("Oslo", 2)], [("Oslo", 2)]]
    assert [(t["n"], t["p"]) for t in told] == [("parcels_v1", 2), ("parcels_v2", 2)]
    assert lab.abreast().catch_up() == 0


def test_models_that_stand_apart_are_left_to_themselves(lab: Lab) -> None:
    lab.models[0].catch_up()
    assert lab.abreast().catch_up() is None
    assert lab.places() == [2, 1]


def test_models_are_left_to_themselves_before_an_event_nobody_knows(
    lab: Lab, event_log: PostgresEventLog
) -> None:
    event_log.append([lost("a", 2)])
    assert lab.abreast(catalogue(ParcelSent)).catch_up() is None
    assert lab.places() == [1, 1]


class Interrupted(Catalogue):
    """Something else happens between reading the log and writing the rows."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__(TOYS.types.values())
        self._act = act

    def decode(self, topic: str, data: bytes, *, version: int = 0) -> Event:
        self._act()
        return super().decode(topic, data, version=version)


def test_who_was_overtaken_in_one_model_writes_nothing_in_any(lab: Lab) -> None:
    with pytest.raises(ProjectionFenced):
        lab.abreast(Interrupted(lab.models[1].catch_up)).catch_up()
    assert lab.places() == [1, 2]
    assert lab.weighed() == [[("Oslo", 1)], [("Oslo", 2)]]
