"""The listener wakes on notifications, at every tick, and after its connection was cut."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Queue

import psycopg
import pytest

from server.postgres.listener import Listener

pytestmark = pytest.mark.postgres

NEVER_S = 600.0


@pytest.fixture
def started() -> Iterator[list[Listener]]:
    listeners: list[Listener] = []
    yield listeners
    for listener in listeners:
        listener.stop()


def listen(dsn: str, started: list[Listener], *, tick_s: float) -> Queue[str]:
    heard: Queue[str] = Queue()
    listener = Listener(dsn, tick_s=tick_s)
    listener.on("Some channel", heard.put)
    listener.start()
    started.append(listener)
    assert listener.wait_until_listening(10)
    return heard


def notify(dsn: str, payload: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("select pg_notify('Some channel', %s)", (payload,))


def test_a_notification_reaches_the_callback(postgres: str, started: list[Listener]) -> None:
    heard = listen(postgres, started, tick_s=NEVER_S)
    assert heard.get(timeout=10) == ""
    notify(postgres, "one")
    notify(postgres, "two")
    assert [heard.get(timeout=10), heard.get(timeout=10)] == ["one", "two"]


def test_a_tick_comes_without_any_notification(postgres: str, started: list[Listener]) -> None:
    heard = listen(postgres, started, tick_s=0.02)
    assert [heard.get(timeout=10) for _ in range(3)] == ["", "", ""]


def test_a_callback_that_raises_does_not_silence_the_others(
    postgres: str, started: list[Listener]
) -> None:
    def broken(payload: str) -> None:
        raise ValueError(payload)

    heard: Queue[str] = Queue()
    listener = Listener(postgres, tick_s=NEVER_S)
    listener.on("Some channel", broken)
    listener.on("Some channel", heard.put)
    listener.start()
    started.append(listener)
    assert heard.get(timeout=10) == ""
    notify(postgres, "x")
    assert heard.get(timeout=10) == "x"


def test_it_listens_again_after_its_connection_was_cut(
    postgres: str, started: list[Listener]
) -> None:
    heard = listen(postgres, started, tick_s=0.05)
    with psycopg.connect(postgres, autocommit=True) as conn:
        conn.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where query like 'listen%' and pid <> pg_backend_pid()"
        )
    for attempt in range(200):
        notify(postgres, f"again {attempt}")
        if heard.get(timeout=10).startswith("again"):
            return
    pytest.fail("never heard again")
