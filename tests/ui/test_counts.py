"""A slow count is not waited for twice: whoever asks while it is made anew gets the last one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from application.actor import Actor
from ui.counts import Counts

ADA = Actor(by="user:ada", user="user_ada", team="team_a")


class Counting:
    """Says how often it was asked; each answer waits until it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.let = threading.Semaphore(0)

    def job_counts(self, actor: Actor) -> Mapping[str, int]:
        self.asked += 1
        number = self.asked
        assert self.let.acquire(timeout=20)
        if number == 3:
            raise ConnectionError("the database is away")
        return {"RUNNING": number}


async def _told(counts: Counts, number: int) -> None:
    while await counts.of(ADA) != {"RUNNING": number}:
        await asyncio.sleep(0)


def test_all_who_ask_share_one_count_and_later_ones_get_the_last_while_it_is_made_anew() -> None:
    async def walk() -> None:
        reads = Counting()
        counts = Counts(reads, slow_s=0, kept_fold=0)
        both = asyncio.gather(counts.of(ADA), counts.of(ADA))
        await asyncio.sleep(0)
        reads.let.release()
        assert await both == [{"RUNNING": 1}, {"RUNNING": 1}]
        assert reads.asked == 1
        assert await counts.of(ADA) == {"RUNNING": 1}  # and the second count has begun
        reads.let.release()
        await _told(counts, 2)

    asyncio.run(walk())


def test_a_count_that_failed_is_told_to_whoever_waits_and_made_anew() -> None:
    async def walk() -> None:
        reads = Counting()
        reads.asked = 2
        counts = Counts(reads, slow_s=0, kept_fold=0)
        for _ in range(2):
            reads.let.release()
        with pytest.raises(ConnectionError):
            await counts.of(ADA)
        assert await counts.of(ADA) == {"RUNNING": 4}

    asyncio.run(walk())


def test_who_is_shown_fewer_jobs_is_not_told_a_count_of_all() -> None:
    async def walk() -> None:
        reads = Counting()
        counts = Counts(reads, kept_fold=1e9)
        reads.let.release(2)
        ruled = replace(ADA, by="user:bob", user="user_bob", rules={"exp_secret": frozenset()})
        assert await counts.of(ADA) == {"RUNNING": 1}
        assert await counts.of(ruled) == {"RUNNING": 2}
        colleague = replace(ADA, by="user:cat", user="user_cat")
        assert await counts.of(colleague) == {"RUNNING": 1}

    asyncio.run(walk())
