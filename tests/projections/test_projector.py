"""A projector folds each event once, stops at what it cannot read, and can be rebuilt."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from psycopg import sql

from domain.codec import catalogue
from projections.base import Patch
from projections.projector import ProjectionHalted, Projector
from projections.rebuild import Difference, compare, rebuild, replay
from projections.sink import ProjectionFenced, Sink, merge
from server.postgres.event_store import PostgresEventLog
from tests.fakes.toy_events import NOON, TOYS, ParcelSent, arrived, lost, sent
from tests.projections.parcels import PARCELS

pytestmark = pytest.mark.postgres

Connection = psycopg.Connection[Any]


@pytest.fixture
def conn(postgres: str) -> Iterator[Connection]:
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection


@pytest.fixture
def projector(conn: Connection, schema: str) -> Projector:
    return Projector(conn, PARCELS, schema, catalogue=TOYS)


def rows(conn: Connection, schema: str, table: str, columns: str) -> list[tuple[Any, ...]]:
    query = f"select {columns} from {schema}.{table} order by 1"
    return conn.execute(query.encode()).fetchall()


def positions(conn: Connection, schema: str, columns: str) -> list[tuple[Any, ...]]:
    """Of the toys alone, under whatever version they are there."""
    return rows(conn, schema, "positions where name like 'parcels%'", columns)


def test_rows_are_made_changed_and_counted(
    event_log: PostgresEventLog, projector: Projector, conn: Connection, schema: str
) -> None:
    event_log.append([sent("a", 1, kg=2), sent("b", 1, city="Rome"), sent("c", 1, kg=5)])
    assert projector.catch_up() == 3
    event_log.append([arrived("a", 2, note="thanks")])
    assert projector.catch_up() == 1
    assert rows(conn, schema, "parcels_v1", "id, city, state, note, sent_at, labels, position") == [
        ("a", "Oslo", "arrived", "thanks", NOON, [1], 4),
        ("b", "Rome", "sent", None, NOON, [2], 2),
        ("c", "Oslo", "sent", None, NOON, [3], 3),
    ]
    assert rows(conn, schema, "cities_v1", "*") == [("Oslo", 3, 2, 7), ("Rome", 2, 1, 1)]
    assert projector.catch_up() == 0


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_a_value_can_be_taken_back_and_a_row_deleted(
    event_log: PostgresEventLog, conn: Connection, schema: str, batch: int
) -> None:
    event_log.append([sent("a", 1), arrived("a", 2, note="x"), arrived("a", 3), sent("b", 1)])
    event_log.append([lost("b", 2), sent("c", 1), lost("c", 2), sent("c", 3, city="Rome")])
    Projector(conn, PARCELS, schema, catalogue=TOYS, batch=batch).catch_up()
    assert rows(conn, schema, "parcels_v1", "id, city, state, note") == [
        ("a", "Oslo", "arrived", None),
        ("c", "Rome", "sent", None),
    ]
    assert rows(conn, schema, "cities_v1", "city, parcels") == [("Oslo", 3), ("Rome", 1)]


def test_patches_of_one_row_merge_in_order() -> None:
    row = merge(
        (n, patch)
        for n, patch in enumerate(
            (
                Patch("t", "k", add={"n": 5}),
                Patch("t", "k", set={"n": 1, "x": "old"}),
                Patch("t", "k", add={"n": 2, "m": 1}),
                Patch("t", "k", add={"m": 1}),
            )
        )
    )["t", "k"]
    assert (row.set, row.add, row.fresh, row.position) == ({"n": 3, "x": "old"}, {"m": 2}, False, 3)
    row.take(Patch("t", "k", delete=True), 4)
    assert (row.set, row.add, row.fresh, row.kept) == ({}, {}, True, False)


def test_a_projector_that_lost_the_race_writes_nothing(
    projector: Projector, conn: Connection, schema: str
) -> None:
    sink = Sink(PARCELS, schema)
    patches = [(1, Patch("cities", "Oslo", add={"parcels": 1}))]
    sink.apply(conn, patches, before=0, after=1)
    with pytest.raises(ProjectionFenced):
        sink.apply(conn, patches, before=0, after=1)
    assert rows(conn, schema, "cities_v1", "city, parcels") == [("Oslo", 1)]


def test_a_batch_is_announced_with_its_position_and_keys(
    event_log: PostgresEventLog, projector: Projector, postgres: str, schema: str
) -> None:
    event_log.append([sent(f"parcel_{n}", 1) for n in range(80)])
    with psycopg.connect(postgres, autocommit=True) as listener:
        listener.execute(f"listen lab_changes_{schema}".encode())
        projector.catch_up()
        (notice,) = listener.notifies(timeout=5, stop_after=1)
    told = json.loads(notice.payload)
    assert (told["n"], told["p"], len(told["k"])) == ("parcels_v1", 80, 50)


def test_an_event_nobody_knows_halts_the_projection_and_it_goes_on_once_known(
    event_log: PostgresEventLog, conn: Connection, schema: str
) -> None:
    event_log.append([sent("a", 1), sent("b", 1), lost("b", 2), sent("c", 1)])
    old = Projector(conn, PARCELS, schema, catalogue=catalogue(ParcelSent))
    for _ in range(2):
        with pytest.raises(ProjectionHalted, match=r"position 3.*parcel\.lost\.v1"):
            old.catch_up()
    assert old.position() == 2
    assert rows(conn, schema, "parcels_v1", "id") == [("a",), ("b",)]
    ((halted,),) = positions(conn, schema, "halted")
    assert "position 3" in halted
    Projector(conn, PARCELS, schema, catalogue=TOYS).catch_up()
    assert rows(conn, schema, "parcels_v1", "id") == [("a",), ("c",)]
    assert positions(conn, schema, "halted") == [(None,)]


def test_a_connection_that_does_not_autocommit_is_refused(postgres: str, schema: str) -> None:
    with psycopg.connect(postgres) as plain, pytest.raises(ValueError, match="autocommit"):
        Projector(plain, PARCELS, schema)


def history(log: PostgresEventLog, seed: int = 1, parcels: int = 60) -> None:
    random = Random(seed)
    for n in range(parcels):
        name = f"parcel_{seed}_{n}"
        log.append([sent(name, 1, city=random.choice(["Oslo", "Rome"]), kg=random.randint(1, 9))])
        if random.random() < 0.6:
            log.append([arrived(name, 2, note=random.choice(["ok", None]))])
        if random.random() < 0.2:
            log.append([lost(name)])


def test_a_rebuild_gives_the_same_rows_and_the_live_projector_goes_on(
    event_log: PostgresEventLog, projector: Projector, conn: Connection, schema: str
) -> None:
    history(event_log)
    projector.catch_up()
    before = [rows(conn, schema, table, "*") for table in ("parcels_v1", "cities_v1")]
    conn.execute(f"update {schema}.cities_v1 set parcels = 0".encode())
    event_log.append([sent("late", 1, city="Bern")])
    assert rebuild(conn, PARCELS, schema, catalogue=TOYS) == event_log.head()
    event_log.append([lost("late", 2)])
    assert projector.catch_up() == 1
    conn.execute(f"delete from {schema}.cities_v1 where city = 'Bern'".encode())
    assert [rows(conn, schema, table, "*") for table in ("parcels_v1", "cities_v1")] == before
    assert positions(conn, schema, "name, position") == [("parcels_v1", event_log.head())]
    indexes = f"select tablename from pg_indexes where schemaname = '{schema}' order by 1"
    indexed = conn.execute(indexes.encode()).fetchall()
    assert rebuild(conn, PARCELS, schema, catalogue=TOYS) == event_log.head()
    assert conn.execute(indexes.encode()).fetchall() == indexed
    assert ("parcels_v1",) in indexed


def test_a_rebuild_that_halts_leaves_the_live_rows(
    event_log: PostgresEventLog, projector: Projector, conn: Connection, schema: str
) -> None:
    event_log.append([sent("a", 1), arrived("a", 2)])
    projector.catch_up()
    with pytest.raises(ProjectionHalted):
        rebuild(conn, PARCELS, schema, catalogue=catalogue(ParcelSent))
    assert rows(conn, schema, "parcels_v1", "id, state") == [("a", "arrived")]
    rebuild(conn, PARCELS, schema, catalogue=TOYS)
    assert rows(conn, schema, "parcels_v1", "id, state") == [("a", "arrived")]


def test_a_replay_elsewhere_names_every_cell_that_was_edited(
    event_log: PostgresEventLog, projector: Projector, conn: Connection, schema: str
) -> None:
    history(event_log)
    upto = event_log.append([sent("edited", 1), sent("removed", 1), sent("later", 1)])
    history(event_log, seed=2)
    event_log.append([arrived("later", 2)])
    projector.catch_up()
    audit = f"{schema}_audit"
    replay(conn, PARCELS, audit, log_schema=schema, upto=upto, catalogue=TOYS)
    parcels_only = [d for d in compare(conn, PARCELS, schema, audit, upto=upto) if d.table != "x"]
    assert parcels_only == []
    conn.execute(f"update {schema}.parcels_v1 set city = 'X' where id = 'edited'".encode())
    conn.execute(f"delete from {schema}.parcels_v1 where id = 'removed'".encode())
    found = compare(conn, PARCELS, schema, audit, upto=upto)
    assert found == [
        Difference(table="parcels", key="edited", column="city", live="X", rebuilt="Oslo"),
        Difference(table="parcels", key="removed", column="id", live=None, rebuilt="removed"),
    ]
    conn.execute("set client_min_messages = warning")
    conn.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(audit)))


RACER = """
import sys, psycopg
from projections.projector import Projector
from projections.sink import ProjectionFenced
from tests.fakes.toy_events import TOYS
from tests.projections.parcels import PARCELS
with psycopg.connect(sys.argv[1], autocommit=True) as conn:
    projector = Projector(conn, PARCELS, sys.argv[2], catalogue=TOYS, batch=7)
    print("ready", flush=True)
    while projector.position() < int(sys.argv[3]):
        try:
            projector.catch_up(int(sys.argv[3]))
        except ProjectionFenced:
            pass
"""


def test_two_racing_projectors_killed_at_random_count_every_event_once(
    event_log: PostgresEventLog, conn: Connection, postgres: str, schema: str
) -> None:
    total = 9_000
    for first in range(0, total, 500):
        head = event_log.append([sent(f"p{n}", 1) for n in range(first, first + 500)])
    random = Random(7)

    def race() -> subprocess.Popen[str]:
        argv = [sys.executable, "-c", RACER, postgres, schema, str(head)]
        root = Path(__file__).parents[2]
        return subprocess.Popen(argv, cwd=root, stdout=subprocess.PIPE, text=True)

    racers, kills = [race(), race()], 0
    deadline = time.monotonic() + 60
    while any(racer.poll() is None for racer in racers) and time.monotonic() < deadline:
        victim = random.randrange(2)
        if kills < 4 and racers[victim].poll() is None:
            racers[victim].stdout.readline()  # type: ignore[union-attr]  # it is a pipe
            with suppress(subprocess.TimeoutExpired):
                racers[victim].wait(random.uniform(0.05, 0.3))
            racers[victim].send_signal(signal.SIGKILL)
            racers[victim].communicate()
            racers[victim], kills = race(), kills + 1
            continue
        racers[victim].communicate(timeout=60)
        racers[1 - victim].communicate(timeout=60)
    assert kills > 0
    assert rows(conn, schema, "cities_v1", "city, parcels") == [("Oslo", total)]
