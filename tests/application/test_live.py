"""A watcher hears what it wants, in order; nobody else's news wake it."""

from __future__ import annotations

import asyncio

import pytest

from application.live import ANY, WAITING_AT_MOST, Change, Watcher

pytestmark = pytest.mark.anyio


def of_jobs(change: Change) -> bool:
    return change.model == "jobs"


def news(n: int) -> Change:
    return Change(model="jobs", position=n)


async def test_a_reader_is_woken_by_what_it_wants_alone() -> None:
    watcher = Watcher(of_jobs)
    reading = asyncio.ensure_future(watcher.next(60))
    await asyncio.sleep(0)
    watcher.put(Change(model="teams", position=1))
    watcher.put(news(2))
    watcher.put(news(3))
    assert [await reading, await watcher.next(60)] == [news(2), news(3)]


async def test_without_news_a_reader_goes_on_after_its_time() -> None:
    assert await Watcher(of_jobs).next(0) is None


async def test_who_falls_behind_is_told_to_look_for_themselves() -> None:
    watcher = Watcher(of_jobs)
    for n in range(WAITING_AT_MOST + 2):
        watcher.put(news(n))
    assert [await watcher.next(0), await watcher.next(0)] == [ANY, news(WAITING_AT_MOST + 1)]


async def test_who_looks_forgets_what_was_told_before() -> None:
    watcher = Watcher(of_jobs)
    watcher.put(news(1))
    watcher.forget()
    assert await watcher.next(0) is None


async def test_changes_end_with_the_server() -> None:
    watcher = Watcher(of_jobs)
    watcher.put(news(1))
    watcher.end()
    assert [change async for change in watcher.changes()] == [news(1)]
