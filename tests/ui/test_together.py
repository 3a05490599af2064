"""What many pages ask at once is read once, and never answered by a read that began too early."""

from __future__ import annotations

import asyncio
import threading

import pytest

from ui.together import Together


class Log:
    """Lines that grow; each read waits until it is let."""

    def __init__(self) -> None:
        self.lines = 1
        self.reads = 0
        self.began = threading.Semaphore(0)
        self.let = threading.Semaphore(0)

    def read(self) -> int:
        self.reads += 1
        found = self.lines
        self.began.release()
        assert self.let.acquire(timeout=20)
        if not found:
            raise ConnectionError("the database is away")
        return found


async def _begun(log: Log) -> None:
    assert await asyncio.to_thread(log.began.acquire, timeout=20)


def test_who_asks_at_once_shares_a_read_and_who_asks_later_gets_a_later_one() -> None:
    async def walk() -> None:
        log, together = Log(), Together[int]()
        first = asyncio.gather(*(together.read("log", log.read) for _ in range(100)))
        await _begun(log)
        log.lines = 2
        later = asyncio.gather(*(together.read("log", log.read) for _ in range(100)))
        await asyncio.sleep(0)
        log.let.release(2)
        assert await first == [1] * 100
        assert await later == [2] * 100
        assert log.reads == 2

    asyncio.run(walk())


def test_other_things_are_read_at_the_same_time() -> None:
    async def walk() -> None:
        one, other, together = Log(), Log(), Together[int]()
        both = asyncio.gather(together.read("one", one.read), together.read("other", other.read))
        await _begun(one)
        await _begun(other)
        one.let.release()
        other.let.release()
        assert await both == [1, 1]

    asyncio.run(walk())


def test_a_page_that_closes_takes_nothing_from_those_that_share_its_read() -> None:
    async def walk() -> None:
        log, together = Log(), Together[int]()
        gone, stays = (asyncio.ensure_future(together.read("log", log.read)) for _ in range(2))
        await _begun(log)
        gone.cancel()
        log.let.release()
        assert await stays == 1
        assert gone.cancelled()

    asyncio.run(walk())


def test_a_read_that_fails_is_told_to_all_who_share_it_and_made_anew_for_the_next() -> None:
    async def walk() -> None:
        log, together = Log(), Together[int]()
        log.lines = 0
        failing = [asyncio.ensure_future(together.read("log", log.read)) for _ in range(2)]
        await _begun(log)
        log.lines = 3
        log.let.release(2)
        for one in failing:
            with pytest.raises(ConnectionError):
                await one
        assert await together.read("log", log.read) == 3

    asyncio.run(walk())
