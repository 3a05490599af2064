"""Whatever an owner sends: never a fault of ours, and every refusal has a code."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application.commands.tasks import create_task
from tests.graphql_api.operations import Operation, operations
from tests.graphql_api.rig import TASK, Rig

pytestmark = pytest.mark.postgres

LEFT_OUT = frozenset({"signOut"})  # the rest would be asked by nobody
BOUNDED = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def ids(api: Rig) -> list[str]:
    """What there is to name in the owner's team, and a team that is not theirs."""
    other = api.account("eve@example.org", "eve")
    task = create_task(api.lab, api.owner.actor, experiment="alpha", yaml=TASK)
    api.settle()
    found = api.data("{ experiments { id name } providers { id name } }")
    named = [row[key] for rows in found.values() for row in rows for key in ("id", "name")]
    mine = [api.owner.team, api.owner.user, api.owner.email, api.queue("fuzz"), task]
    return [*named, *mine, other.team, other.user]


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # the server's own threads do
@pytest.mark.parametrize("kind", ["Query", "Mutation"])
def test_no_operation_is_a_fault_of_ours(api: Rig, ids: list[str], kind: str) -> None:
    @BOUNDED
    @given(operations(kind, ids=ids, leave_out=LEFT_OUT))
    def ask(operation: Operation) -> None:
        text, variables = operation
        answer = send(api, json.dumps({"query": text, "variables": variables}).encode())
        assert answer.status_code in (200, 400), (answer.status_code, answer.text)
        if answer.headers["content-type"].startswith("application/json"):
            for error in answer.json().get("errors", []):
                assert coded(error), (error, text, variables)

    ask()


@settings(BOUNDED, max_examples=60)
@given(
    body=st.binary(max_size=200) | st.text(max_size=80).map(lambda t: t.encode("utf-8", "replace"))
)
def test_no_body_is_a_fault_of_ours(api: Rig, body: bytes) -> None:
    assert send(api, body).status_code in (200, 400)


def send(api: Rig, body: bytes) -> httpx.Response:
    headers = {"authorization": f"Bearer {api.owner.token}", "content-type": "application/json"}
    return api.client.post("/graphql", content=body, headers=headers)


def coded(error: dict[str, Any]) -> bool:
    code = (error.get("extensions") or {}).get("code", "")
    return bool(code) and code != "INTERNAL"
