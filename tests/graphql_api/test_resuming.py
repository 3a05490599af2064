"""A follower that was away while much happened goes on from its position and misses nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from gql import gql

from application.commands.jobs import Launch, queue_jobs, stop_job
from tests.asked import LONG
from tests.graphql_api.rig import TASK, Rig
from tests.graphql_api.test_following import WAIT_S, client

pytestmark = [pytest.mark.postgres, pytest.mark.anyio]

AWAY_S = 60 if LONG else 0
JOBS = 50  # queued: two ledger entries each; stopped: two more and the request: over 200 events
EVENTS = "subscription($a:Long){events(after:$a){cursor events{position}}}"
CHANGES = "subscription($a:Long){jobsChanged(after:$a){position jobs{id}}}"


def much(api: Rig) -> list[str]:
    """At least 200 events; the ids of the jobs they are about."""
    before = api.lab.log.head()
    made = queue_jobs(api.lab, api.owner.actor, [Launch(yaml=TASK)] * JOBS)
    for job in made:
        stop_job(api.lab, api.owner.actor, job, grace_s=0)
    assert api.lab.log.head() - before >= 200
    return list(made)


def positions(api: Rig, after: int) -> list[int]:
    """What the team's log says, page by page."""
    found: list[int] = []
    text = "query($a:Long!){events(after:$a,limit:200){cursor more events{position}}}"
    while True:
        page = api.data(text, a=after)["events"]
        found += [event["position"] for event in page["events"]]
        if not page["more"]:
            return found
        after = page["cursor"]


async def over_websocket(api: Rig, text: str, after: int) -> AsyncIterator[dict[str, Any]]:
    asked = gql(text)
    asked.variable_values = {"a": after}
    async with client(api) as session:
        async for message in session.subscribe(asked):
            yield message


async def over_sse(api: Rig, text: str, after: int) -> AsyncIterator[dict[str, Any]]:
    headers = {"authorization": f"Bearer {api.owner.token}", "accept": "text/event-stream"}
    body = {"query": text, "variables": {"a": after}}
    async with (
        httpx.AsyncClient(base_url=api.url, timeout=WAIT_S) as http,
        http.stream("POST", "/graphql", json=body, headers=headers) as answer,
    ):
        async for line in answer.aiter_lines():
            if line.startswith("data: {"):
                data: dict[str, Any] = json.loads(line.removeprefix("data: "))["data"]
                yield data


@pytest.mark.parametrize("over", [over_websocket, over_sse], ids=["websocket", "sse"])
async def test_two_hundred_events_happen_while_away_and_none_is_missed(api: Rig, over: Any) -> None:
    begun = api.lab.log.head()
    await asyncio.to_thread(api.queue)
    stream = over(api, EVENTS, begun)
    first = (await asyncio.wait_for(anext(stream), WAIT_S))["events"]
    await stream.aclose()
    await asyncio.to_thread(much, api)
    await asyncio.sleep(AWAY_S)
    due = await asyncio.to_thread(positions, api, first["cursor"])
    seen: list[int] = []
    stream = over(api, EVENTS, first["cursor"])
    while len(seen) < len(due):
        page = (await asyncio.wait_for(anext(stream), WAIT_S))["events"]
        seen += [event["position"] for event in page["events"]]
    await stream.aclose()
    assert seen == due


@pytest.mark.parametrize("over", [over_websocket, over_sse], ids=["websocket", "sse"])
async def test_jobs_that_moved_while_away_are_told_once_each(api: Rig, over: Any) -> None:
    begun = api.lab.log.head()
    moved = await asyncio.to_thread(much, api)
    await asyncio.to_thread(api.settle)
    stream = over(api, CHANGES, begun)
    told: list[str] = []
    while len(told) < JOBS:
        change = (await asyncio.wait_for(anext(stream), WAIT_S))["jobsChanged"]
        told += [job["id"] for job in change["jobs"]]
    await stream.aclose()
    assert sorted(told) == sorted(moved)
