"""The PostgreSQL log keeps the contract, refuses edits, chains, and survives lost connections."""

from __future__ import annotations

import hashlib
import threading

import psycopg
import pytest
from psycopg import sql

from domain.errors import InvalidInput, StoreUnavailable
from domain.model import Guard, GuardKind
from projections.connection import Pool
from server.postgres.event_store import PostgresEventLog
from server.postgres.migrate import MAX_SCHEMA_BYTES, migrate
from server.postgres.recorder import open_pool
from tests.contracts.event_log import EventLogContract
from tests.fakes.toy_events import TOYS, arrived, sent

pytestmark = pytest.mark.postgres


class TestPostgresEventLog(EventLogContract):
    @pytest.fixture
    def log(self, event_log: PostgresEventLog) -> PostgresEventLog:
        return event_log


def end_backends(pool: Pool) -> None:
    """Cut every pooled connection from the server's side."""
    with pool.connection() as conn:
        own = conn.info.backend_pid
        conn.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and pid <> %s",
            (own,),
        )


@pytest.mark.parametrize("edit", ["update {} set topic = ''", "delete from {}", "truncate {}"])
def test_nobody_can_edit_a_fact(
    event_log: PostgresEventLog, pool: Pool, schema: str, edit: str
) -> None:
    event_log.append([sent("a", 1)])
    table = sql.Identifier(schema, "events")
    with pool.connection() as conn, pytest.raises(psycopg.Error, match="append-only"):
        conn.execute(sql.SQL(edit).format(table))
    assert len(event_log.stream("a")) == 1


def test_every_row_chains_to_the_row_before_it(
    event_log: PostgresEventLog, pool: Pool, schema: str
) -> None:
    event_log.append([sent("a"), sent("b", 1)])
    event_log.append([arrived("a", 2, note="thanks")])
    query = sql.SQL(
        "select hash, notification_id, originator_id, originator_version, topic,"
        " (extract(epoch from recorded_at) * 1000000)::bigint, state"
        " from {}.events order by notification_id"
    ).format(sql.Identifier(schema))
    previous = b""
    with pool.connection() as conn:
        for found, *said, state in conn.execute(query).fetchall():
            text = "".join(f"{value}\n" for value in said)
            previous = hashlib.sha256(previous + text.encode() + state).digest()
            assert found == previous


def test_racing_migrations_apply_each_file_once(postgres: str) -> None:
    applied: list[str] = []
    threads = [
        threading.Thread(target=lambda: applied.extend(migrate(postgres, "As it is")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == sorted(set(applied))
    assert applied[0] == "0001_log"


def test_a_schema_name_too_long_for_a_channel_is_refused(postgres: str) -> None:
    with pytest.raises(InvalidInput, match="schema"):
        migrate(postgres, "x" * (MAX_SCHEMA_BYTES + 1))


def test_an_append_is_announced_with_its_position(
    event_log: PostgresEventLog, postgres: str, schema: str
) -> None:
    with psycopg.connect(postgres, autocommit=True) as conn:
        conn.execute(sql.SQL("listen {}").format(sql.Identifier(f"lab_events_{schema}")))
        position = event_log.append([sent("a", 1)])
        (notice,) = conn.notifies(timeout=5, stop_after=1)
    assert notice.payload == str(position)


def test_reads_and_appends_go_on_after_connections_were_cut(
    event_log: PostgresEventLog, postgres: str, pool: Pool
) -> None:
    event_log.append([sent("a", 1)])
    with open_pool(postgres, max_size=1) as other:
        end_backends(other)
    event_log.append([sent("a", 2)])
    with open_pool(postgres, max_size=1) as other:
        end_backends(other)
    assert len(event_log.stream("a")) == 2


def test_an_append_whose_outcome_cannot_be_told_is_raised_as_unavailable(
    event_log: PostgresEventLog, postgres: str
) -> None:
    event_log.append([], [Guard(GuardKind.QUOTA, "q", 1)])
    with open_pool(postgres, max_size=1) as other:
        end_backends(other)
    with pytest.raises(StoreUnavailable):
        event_log.append([], [Guard(GuardKind.QUOTA, "q", 1)])
    assert event_log.guard(GuardKind.QUOTA, "q") == Guard(GuardKind.QUOTA, "q", 1)


def test_an_unreachable_database_is_store_unavailable(schema: str) -> None:
    with (
        open_pool("host=/nonexistent dbname=lab", max_size=1, timeout_s=0.2) as away,
        pytest.raises(StoreUnavailable),
    ):
        PostgresEventLog(away, schema, catalogue=TOYS).head()
