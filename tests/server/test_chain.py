"""Whoever edits the log, in the database or in an export, is found out by position."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql

from application.actor import system as system_actor
from application.commands.accounts import found_team, register_user
from application.proofs import Verdict
from server.bootstrap import System
from server.postgres.chain import (
    check,
    digest,
    exported,
    formulas,
    imported,
    stored,
    verify,
)

pytestmark = pytest.mark.postgres

EDITS = {
    "position": "update {e} set notification_id = 1000 where notification_id = %s",
    "stream": "update {e} set originator_id = originator_id || 'x' where notification_id = %s",
    "version": "update {e} set originator_version = 900 where notification_id = %s",
    "topic": "update {e} set topic = 'team.renamed.v1' where notification_id = %s",
    "state": "update {e} set state = set_byte(state, 9, get_byte(state, 9) # 1) where notification_id = %s",
    "recorded_at": "update {e} set recorded_at = recorded_at + '1 us' where notification_id = %s",
    "hash": "update {e} set hash = set_byte(hash, 0, get_byte(hash, 0) # 1) where notification_id = %s",
    "dropped": "delete from {e} where notification_id = %s",
    "doubled": "insert into {e} select 1000, originator_id, 900, topic, state, recorded_at, hash"
    " from {e} where notification_id = %s",
    "reordered": "with a as (select * from {e} where notification_id = %s)"
    " update {e} e set state = a.state, topic = a.topic from a where e.notification_id = 3",
}


@pytest.fixture
def used(system: System) -> System:
    """A log of eight rows and more."""
    ann = register_user(
        system.lab, system_actor("t"), email="a@b.c", name="", password="correct horse battery"
    )
    found_team(system.lab, system_actor("t"), name="lab", owner=ann)
    assert system.lab.log.head() >= 7
    return system


@contextmanager
def opened(used: System) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(used.dsn, autocommit=True) as conn:
        yield conn


def verdict(used: System) -> Verdict:
    with opened(used) as conn:
        return verify(conn, used.settings.schema)


def lines(used: System) -> list[str]:
    schema = used.settings.schema
    with opened(used) as conn:
        return list(exported(stored(conn, schema), formulas(conn, schema)))


def test_an_untouched_log_holds_in_the_database_and_in_its_export(used: System) -> None:
    told = verdict(used)
    assert told.breaks == ()
    assert (told.rows, told.position) == (used.lab.log.head(), used.lab.log.head())
    assert check(*imported(iter(lines(used)))) == told


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_any_column_is_named_by_position(used: System, edit: str) -> None:
    table = sql.Identifier(used.settings.schema, "events")
    with opened(used) as conn:
        conn.execute(sql.SQL("alter table {} disable trigger all").format(table))
        conn.execute(sql.SQL(EDITS[edit]).format(e=table), (4,))
    breaks = verdict(used).breaks
    expected = {
        "dropped": (5,), "position": (5, 1000), "doubled": (1000,), "reordered": (3,),
        "hash": (4, 5),
    }  # fmt: skip
    assert breaks == expected.get(edit, (4,))


def test_the_log_itself_refuses_an_edit(used: System) -> None:
    table = sql.Identifier(used.settings.schema, "events")
    with opened(used) as conn, pytest.raises(psycopg.Error, match="append-only"):
        conn.execute(sql.SQL(EDITS["state"]).format(e=table), (4,))


def test_one_flipped_byte_a_dropped_a_doubled_and_a_moved_line_of_an_export_show(
    used: System,
) -> None:
    whole = lines(used)
    row = json.loads(whole[4])
    flipped = [*whole[:4], json.dumps(row | {"topic": row["topic"] + "x"}), *whole[5:]]
    assert check(*imported(iter(flipped))).breaks == (4,)
    assert check(*imported(iter([*whole[:4], *whole[5:]]))).breaks == (5,)
    assert check(*imported(iter([*whole[:5], whole[4], *whole[5:]]))).breaks == (4,)
    moved = [*whole[:4], whole[5], whole[4], *whole[6:]]
    assert check(*imported(iter(moved))).breaks[0] in (4, 5)
    assert check(*imported(iter(whole[:-1]))).head != verdict(used).head


def test_a_log_from_before_time_was_chained_still_holds(used: System) -> None:
    with opened(used) as conn:
        schema = used.settings.schema
        first = [link._replace(hash=b"") for link in stored(conn, schema)][:3]
    before = b""
    old = []
    for link in first:
        before = digest(before, link, 1)
        old.append(link._replace(hash=before))
    assert check(old, {0: 1, 4: 2}).breaks == ()
    assert check(old, {0: 2}).breaks == (1, 2, 3)


def test_what_is_no_export_is_refused(used: System) -> None:
    with pytest.raises(ValueError, match="no export"):
        imported(iter(['{"a": 1}']))
    with pytest.raises(ValueError):
        check(*imported(iter([lines(used)[0], "not json"])))
