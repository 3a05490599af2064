"""Subscriptions: pushed, filtered, resumed where they were, over both protocols."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from domain.telemetry import LogLine, TelemetryBatch
from graphql_api.subscriptions import waking
from tests.graphql_api.rig import Rig

pytestmark = [pytest.mark.postgres, pytest.mark.anyio]
WAIT_S = 10
SOON_S = 3  # well below the five seconds after which subscriptions look anyway


def client(api: Rig, token: str | None = None) -> Client:
    secret = api.owner.token if token is None else token
    transport = WebsocketsTransport(
        url=api.url.replace("http", "ws") + "/graphql",
        init_payload={"authorization": f"Bearer {secret}"},
        subprotocols=["graphql-transport-ws"],
        close_timeout=1,
    )
    return Client(transport=transport, fetch_schema_from_transport=False)


def lines(api: Rig, job: str, first: int, count: int) -> None:
    """``count`` lines of attempt 0's log, from number ``first``."""
    offset = api.lab.telemetry.offset(job=job, attempt=1, node=0, stream="lines")
    made = tuple(
        LogLine(number=n, at=1.0, phase="run", stream="out", text=f"line {n}")
        for n in range(first, first + count)
    )
    batch = TelemetryBatch(
        job=job, attempt=1, node=0, stream="lines", offset=offset, next=offset + 10, lines=made
    )
    assert api.lab.telemetry.apply(batch)


async def test_changes_are_pushed_and_resumed_after_a_break(api: Rig) -> None:
    text = gql("subscription($a:Long){jobsChanged(after:$a){position jobs{id status} gone}}")
    async with client(api) as session:
        stream = session.subscribe(text)
        first = await asyncio.wait_for(anext(stream), WAIT_S)
        assert first["jobsChanged"]["jobs"] == []
        made = await asyncio.to_thread(api.queue)
        pushed = (await asyncio.wait_for(anext(stream), SOON_S))["jobsChanged"]
        assert [job["id"] for job in pushed["jobs"]] == [made]
    missed = [await asyncio.to_thread(api.queue) for _ in range(3)]
    async with client(api) as session:
        text.variable_values = {"a": pushed["position"]}
        again = (await asyncio.wait_for(anext(session.subscribe(text)), WAIT_S))["jobsChanged"]
        assert sorted(job["id"] for job in again["jobs"]) == sorted(missed)


async def test_a_job_that_leaves_the_filter_is_told_as_gone(api: Rig) -> None:
    text = gql("subscription{jobsChanged(where:{statuses:[RUNNING]}){jobs{id} gone}}")
    async with client(api) as session:
        stream = session.subscribe(text)
        await asyncio.wait_for(anext(stream), WAIT_S)
        made = await asyncio.to_thread(api.queue)
        pushed = (await asyncio.wait_for(anext(stream), SOON_S))["jobsChanged"]
        assert pushed == {"jobs": [], "gone": [made]}


async def test_another_team_is_told_nothing(api: Rig) -> None:
    other = await asyncio.to_thread(api.account, "mal@example.org", "mal")
    jobs = gql("subscription{jobsChanged(after:0){jobs{id} gone}}")
    job = await asyncio.to_thread(api.queue)
    async with client(api, other.token) as session:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(session.subscribe(jobs)), 1)
        log = gql("subscription($j:ID!){jobLog(job:$j){after}}")
        log.variable_values = {"j": job}
        with pytest.raises(TransportQueryError, match="no job"):
            await asyncio.wait_for(anext(session.subscribe(log)), WAIT_S)


async def test_nobody_subscribes_without_a_credential(api: Rig) -> None:
    asked = (
        "jobsChanged{position}",
        'jobLog(job:"x"){after}',
        'jobMetrics(job:"x"){cursor}',
        "events{cursor}",
    )
    async with client(api, "lab_made-up") as session:
        for field in asked:
            with pytest.raises(TransportQueryError) as refused:
                await anext(session.subscribe(gql("subscription{" + field + "}")))
            assert refused.value.errors
            assert refused.value.errors[0]["extensions"]["code"] == "NOT_AUTHENTICATED"


@pytest.mark.parametrize("field", ["jobsChanged{position}", "events{cursor}"])
async def test_a_revoked_token_ends_what_it_follows(
    api: Rig, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    monkeypatch.setattr(waking, "IDLE_S", 0.1)
    monkeypatch.setattr(waking, "PROVE_AGAIN_S", 0.2)
    issue = 'mutation($n:String!){issueToken(name:$n,scopes:["read"],days:1){id secret}}'
    token = (await asyncio.to_thread(api.data, issue, n=field))["issueToken"]
    async with client(api, token["secret"]) as session:
        heard = asyncio.ensure_future(
            _to_its_end(session.subscribe(gql(f"subscription{{{field}}}")))
        )
        done, _ = await asyncio.wait([heard], timeout=1)  # looked up five times, and good
        assert not done
        revoke = "mutation($i:ID!){revokeToken(id:$i){position}}"
        await asyncio.to_thread(api.data, revoke, i=token["id"])
        with pytest.raises(TransportQueryError) as refused:
            await asyncio.wait_for(heard, WAIT_S)
    assert refused.value.errors
    assert refused.value.errors[0]["extensions"]["code"] == "NOT_AUTHENTICATED"


async def _to_its_end(stream: AsyncIterator[object]) -> None:
    async for _ in stream:
        pass


async def test_lines_are_pushed_and_resumed_by_number(api: Rig) -> None:
    job = await asyncio.to_thread(api.queue)
    await asyncio.to_thread(lines, api, job, 1, 3)
    text = gql("subscription($j:ID!,$a:Int!){jobLog(job:$j,attempt:1,after:$a){after lines{text}}}")
    text.variable_values = {"j": job, "a": 1}
    async with client(api) as session:
        stream = session.subscribe(text)
        first = (await asyncio.wait_for(anext(stream), WAIT_S))["jobLog"]
        assert [row["text"] for row in first["lines"]] == ["line 2", "line 3"]
        await asyncio.to_thread(lines, api, job, 4, 2)
        more = (await asyncio.wait_for(anext(stream), SOON_S))["jobLog"]
        assert more == {"after": 5, "lines": [{"text": "line 4"}, {"text": "line 5"}]}


async def test_a_log_ends_with_its_job(api: Rig) -> None:
    job = await asyncio.to_thread(api.queue)
    stop = "mutation($i:ID!){stopJob(id:$i,graceS:0){job{status}}}"
    await asyncio.to_thread(api.data, stop, i=job)
    text = gql("subscription($j:ID!){jobLog(job:$j){status}}")
    text.variable_values = {"j": job}
    status = await asyncio.to_thread(api.data, "query($i:ID!){job(id:$i){status}}", i=job)
    assert status["job"]["status"] == "STOPPED"
    async with client(api) as session:
        seen = [m["jobLog"]["status"] async for m in session.subscribe(text)]
    assert seen == ["STOPPED"]


async def test_events_arrive_in_order_without_a_gap(api: Rig) -> None:
    text = gql("subscription($a:Long){events(after:$a){cursor events{position name}}}")
    text.variable_values = {"a": 0}
    seen: list[int] = []
    async with client(api) as session:
        async for message in session.subscribe(text):
            seen += [event["position"] for event in message["events"]["events"]]
            if seen[-1] >= (await asyncio.to_thread(api.lab.log.head)) - 1:
                break
    page = await asyncio.to_thread(api.data, "{events(limit:1000){events{position}}}")
    assert seen == [event["position"] for event in page["events"]["events"]][: len(seen)]


def test_the_same_comes_over_server_sent_events(api: Rig) -> None:
    api.queue()
    body = {"query": "subscription{jobsChanged(after:0){jobs{id}}}"}
    headers = {"authorization": f"Bearer {api.owner.token}", "accept": "text/event-stream"}
    with api.client.stream("POST", "/graphql", json=body, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        found = next(line for line in answer.iter_lines() if line.startswith("data: {"))
    data: dict[str, Any] = json.loads(found.removeprefix("data: "))
    assert data["data"]["jobsChanged"]["jobs"]


async def test_a_foreign_page_opens_no_socket(api: Rig) -> None:
    url = api.url.replace("http", "ws") + "/graphql"
    with pytest.raises(WebSocketException):
        await connect(url, origin="https://evil.example", subprotocols=["graphql-transport-ws"])


@pytest.mark.parametrize(
    "message", ["5", "[]", "null", '{"type":5}', '{"type":"subscribe","id":[]}']
)
async def test_messages_of_another_shape_end_the_socket_politely(api: Rig, message: str) -> None:
    url = api.url.replace("http", "ws") + "/graphql"
    async with connect(url, subprotocols=["graphql-transport-ws"]) as socket:
        await socket.send(message)
        with pytest.raises(WebSocketException):
            while True:
                await asyncio.wait_for(socket.recv(), WAIT_S)
        assert socket.close_code == 4400
