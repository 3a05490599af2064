"""What many are told at once is answered once, and never with what is one person's alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import strawberry
from graphql import DocumentNode, ExecutionResult, GraphQLObjectType, get_named_type, parse
from strawberry.types.field import StrawberryField
from websockets.asyncio.client import ClientConnection, connect

from application.commands.members import add_member
from domain.teams import Role
from graphql_api.feed import JobChanges
from graphql_api.once import VARIABLES_AT_MOST, Once, OnceExecutor, Told, encoded
from graphql_api.scalars import Long
from graphql_api.schema import SCHEMA
from graphql_api.subscriptions.jobs import FILTERS_AT_MOST, JobsChange
from projections.job_lists import JobFilter
from tests.graphql_api.rig import Rig

WAIT_S = 10
STARRED = "subscription{jobsChanged{jobs{id status marks{starred}}}}"
PLAIN = "subscription{jobsChanged{jobs{id status why}}}"
STOP = "mutation($i:ID!){stopJob(id:$i,graceS:0){id}}"


def resolvers(name: str) -> Iterator[tuple[str, StrawberryField]]:
    """What is computed for a field of an object of this type, or of one that hangs on it."""
    waiting, seen = [name], {name}
    while waiting:
        shown = SCHEMA._schema.type_map[waiting.pop()]  # there is no other way to the types
        if not isinstance(shown, GraphQLObjectType):
            continue
        for key, field in shown.fields.items():
            made = field.extensions["strawberry-definition"]
            yield f"{shown.name}.{key}", made
            inner = get_named_type(field.type).name
            if inner not in seen:
                seen.add(inner)
                waiting.append(inner)


def test_what_asks_who_it_is_waits_for_the_answer() -> None:
    """Answers without waiting are shared, so a resolver that is not async may not look at the request."""
    found = dict(resolvers("JobsChange"))
    assert "Job.marks" in found
    asking = {
        name
        for name, field in found.items()
        if field.base_resolver and field.base_resolver.info_parameter and not field.is_async
    }
    assert asking == set()


def test_one_execution_answers_all_who_ask_the_same() -> None:
    told = JobsChange(position=Long(7), jobs=[], gone=[strawberry.ID("job_1")], told=Told())
    first, second = (
        parse(f"subscription{text}") for text in ("{jobsChanged{gone}}", "{jobsChanged{position}}")
    )
    once, again, other = (_answer(document, told) for document in (first, first, second))
    assert once is again
    assert once.data == {"jobsChanged": {"gone": ["job_1"]}}
    assert other.data == {"jobsChanged": {"position": 7}}
    alone = JobsChange(position=Long(7), jobs=[], gone=[])
    assert _answer(first, alone) is not _answer(first, alone)


def test_nobody_makes_large_what_is_kept_of_an_event() -> None:
    told = JobsChange(position=Long(7), jobs=[], gone=[], told=Told())
    document = parse("subscription($t:String!){jobsChanged(where:{text:$t}){gone}}")
    short, long = ("x" * length for length in (10, VARIABLES_AT_MOST))
    assert _answer(document, told, t=short) is _answer(document, told, t=short)
    assert _answer(document, told, t=long) is not _answer(document, told, t=long)
    changes = JobChanges(jobs=(), position=7)
    filters = [JobFilter(text=str(number)) for number in range(FILTERS_AT_MOST + 1)]
    shown = [JobsChange.of(changes, chosen) for chosen in filters]
    assert JobsChange.of(changes, filters[0]) is shown[0]
    assert JobsChange.of(changes, filters[-1]) is not shown[-1]
    assert len(changes.shown) == FILTERS_AT_MOST


def _answer(document: DocumentNode, told: JobsChange, **variables: object) -> ExecutionResult:
    executor = OnceExecutor.build(SCHEMA._schema, document, raw_variable_values=variables)
    assert isinstance(executor, OnceExecutor)
    answer = executor.build_per_event_executor(told).execute_operation()
    assert isinstance(answer, ExecutionResult)
    return answer


def test_what_is_sent_to_many_is_encoded_once_and_as_ever() -> None:
    data = Once({"jobs": [{"name": "naïve \u2028 </script> \U0001f600"}]})
    message = {"id": 'a"b', "type": "next", "payload": {"data": data}}
    assert json.loads(encoded(message)) == message
    text = data.text
    assert text is not None
    assert text in encoded({**message, "id": "2"})
    assert data.text is text
    assert encoded(message) == json.dumps(message, separators=(",", ":"))


@pytest.mark.postgres
@pytest.mark.anyio
async def test_each_is_told_their_own_marks_and_all_the_same_jobs(api: Rig) -> None:
    eve = await asyncio.to_thread(api.account, "eve@example.org", "eve")
    add_member(api.lab, api.owner.actor, email=eve.email, role=Role.MEMBER)
    api.settle()
    job = await asyncio.to_thread(api.queue)
    await asyncio.to_thread(api.data, "mutation($i:ID!){starJob(id:$i){position}}", i=job)
    people = [(api.owner.token, api.owner.team), (eve.token, api.owner.team)]
    async with AsyncExitStack() as stack:
        starred = [await _subscribed(stack, api, *who, STARRED) for who in people]
        plain = [await _subscribed(stack, api, *who, PLAIN) for who in people]
        await asyncio.to_thread(api.data, STOP, i=job)
        marks = [(await _told(socket))["marks"]["starred"] for socket in starred]
        told = [await _told(socket) for socket in plain]
    assert marks == [True, False]
    assert told[0] == told[1]
    assert told[0] == {"id": job, "status": "STOPPED", "why": told[0]["why"]}


async def _subscribed(
    stack: AsyncExitStack, api: Rig, token: str, team: str, query: str
) -> ClientConnection:
    """A socket that was told where it begins."""
    url = api.url.replace("http", "ws") + "/graphql"
    protocols = ["graphql-transport-ws"]
    socket = await stack.enter_async_context(connect(url, subprotocols=protocols))  # type: ignore[arg-type]  # a NewType of str
    who = {"authorization": f"Bearer {token}", "team": team}
    await socket.send(json.dumps({"type": "connection_init", "payload": who}))
    await socket.recv()
    ask = {"type": "subscribe", "id": f"of {team}", "payload": {"query": query}}
    await socket.send(json.dumps(ask))
    await socket.recv()
    return socket


async def _told(socket: ClientConnection) -> dict[str, Any]:
    """The job, once it is said to be stopped."""
    while True:
        message = json.loads(await asyncio.wait_for(socket.recv(), WAIT_S))
        found: list[dict[str, Any]] = message["payload"]["data"]["jobsChanged"]["jobs"]
        for job in found:
            if job["status"] == "STOPPED":
                return job
