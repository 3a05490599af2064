"""What subscribers of jobs share never passes over what a crash of the database took back."""

from __future__ import annotations

import asyncio
from typing import cast

from application.actor import Actor
from application.live import Live
from application.queries import Reads
from domain.teams import Role
from graphql_api.feed import Feed
from projections.jobs import JOBS_PROJECTION
from projections.rows import JobRow

ADA = Actor(by="user:ada", user="user_ada", team="team_a", role=Role.OWNER)


class Shown:
    """Reads of jobs that stand at ``position``."""

    position = 5

    def jobs_position(self) -> int:
        return self.position

    def jobs_changed(self, actor: Actor, *, after: int, upto: int) -> tuple[list[JobRow], int]:
        assert after < upto <= self.position
        return [], upto


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
