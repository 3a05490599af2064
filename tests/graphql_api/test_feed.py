"""What subscribers of jobs share never passes over what a crash of the database took back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import cast

from application.actor import Actor
from application.live import Live
from application.queries import Reads
from domain.teams import Role
from graphql_api.feed import Feed
from graphql_api.subscriptions.jobs import JobsChange
from projections.job_lists import JobFilter
from projections.jobs import JOBS_PROJECTION
from projections.rows import JobRow

ADA = Actor(by="user:ada", user="user_ada", team="team_a", role=Role.OWNER)


class Shown:
    """Reads of jobs that stand at ``position``."""

    position = 5
    rows: tuple[JobRow, ...] = ()

    def jobs_position(self) -> int:
        return self.position

    def jobs_changed(self, actor: Actor, *, after: int, upto: int) -> tuple[list[JobRow], int]:
        assert after < upto <= self.position
        return list(self.rows), upto


def test_what_was_announced_and_taken_back_is_waited_for() -> None:
    async def walk() -> None:
        live, shown = Live([JOBS_PROJECTION.position_name]), Shown()
        live.start(asyncio.get_running_loop())
        live.changed(f'{{"n": "{JOBS_PROJECTION.position_name}", "p": 9}}')
        await asyncio.sleep(0)
        feed = Feed(cast(Reads, shown), live)
        assert await feed.position() == 5
        assert (await feed.changes(ADA, after=5)).position == 5
        shown.position = 9
        assert await feed.position() == 9
        assert (await feed.changes(ADA, after=5)).position == 9

    asyncio.run(walk())


def test_who_may_see_less_shares_nothing_with_who_sees_all() -> None:
    ben = Actor(
        by="user:ben",
        user="user_ben",
        team="team_a",
        role=Role.MEMBER,
        rules={"exp_b": frozenset()},
    )

    async def walk() -> None:
        live, shown = Live([JOBS_PROJECTION.position_name]), Shown()
        live.start(asyncio.get_running_loop())
        shown.rows = (_row("job_1", "exp_a"), _row("job_2", "exp_b"))
        feed = Feed(cast(Reads, shown), live)
        all_, again, less = [await feed.changes(who, after=1) for who in (ADA, ADA, ben)]
        assert again is all_
        assert [job.id for job in all_.jobs] == ["job_1", "job_2"]
        assert JobsChange.of(all_, JobFilter()) is JobsChange.of(again, JobFilter())
        told = JobsChange.of(less, JobFilter())
        assert [job.id for job in told.jobs] == ["job_1"]
        assert told.gone == []
        assert less.shown is not all_.shown

    asyncio.run(walk())


def _row(id: str, experiment: str) -> JobRow:
    return JobRow(
        id=id, team="team_a", experiment=experiment, owner="user_ada", provider="prov_a", name=id,
        status="QUEUED", spec={}, queued_at=datetime(2026, 11, 1, tzinfo=UTC), position=3,
    )  # fmt: skip
