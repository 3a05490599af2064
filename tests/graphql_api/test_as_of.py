"""Every question can be asked of the past, by position or time, and answers as it would have then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from graphql import GraphQLObjectType

from application.actor import system
from application.commands.accounts import open_session, register_user
from application.commands.experiments import rename_experiment
from application.commands.members import add_member, remove_member
from domain.teams import Role
from tests.graphql_api.operations import SDL
from tests.graphql_api.rig import PASSWORD, Rig

pytestmark = pytest.mark.postgres

PRESENT_ONLY = {
    "version": "the server's, which no event tells",
    "validateTask": "reads what is sent with it",
    "invitation": "a link's end is a credential",
    "sessions": "are no events",
    "offers": "asks the provider",
    "checkProvider": "asks the provider",
    "startEstimate": "asks the provider",
    "launchCost": "asks the provider",
    "moveCost": "asks the provider",
    "providerKinds": "what this version can do",
    "auditHeads": "compares what was signed with the log of now",
    "revertPreview": "is about what would be changed now",
    "whatIf": "has a window of its own",
    "tokenScopes": "what this version can do",
    "tryProvider": "asks the provider",
    "repositoryTask": "asks the repository",
    "notesHistory": "tells every text there was",
    "deliveries": "are made from events, and no events",
}
JOBS = "query($a:Moment){jobs(asOf:$a){edges{node{id status experiment{name}}}}}"


def shown(api: Rig, as_of: object) -> list[tuple[str, str]]:
    edges = api.data(JOBS, a=as_of)["jobs"]["edges"]
    return [(edge["node"]["id"], edge["node"]["status"]) for edge in edges]


def test_every_question_takes_a_moment_or_says_why_not() -> None:
    root = SDL.get_type("Query")
    assert isinstance(root, GraphQLObjectType)
    without = {name for name, field in root.fields.items() if "asOf" not in field.args}
    assert without == set(PRESENT_ONLY)


def test_a_job_is_shown_as_it_was(api: Rig) -> None:
    before = api.lab.log.head()
    job = api.queue()
    queued = api.lab.log.head()
    api.data("mutation($i:ID!){stopJob(id:$i){id}}", i=job)
    api.settle()
    assert (job, "QUEUED") in shown(api, queued)
    assert (job, "STOPPED") in shown(api, api.lab.log.head())
    assert job not in dict(shown(api, before))
    assert shown(api, 0) == []
    old = api.ask("query($i:ID!,$a:Moment){job(id:$i,asOf:$a){status}}", i=job, a=before)
    assert old["errors"][0]["extensions"]["code"] == "NOT_FOUND"


def test_a_time_is_as_good_as_a_position(api: Rig) -> None:
    job = api.queue()
    at = api.queries.moment(api.lab.log.head())
    assert at is not None
    api.data("mutation($i:ID!){stopJob(id:$i){id}}", i=job)
    api.settle()
    assert (job, "QUEUED") in shown(api, at.isoformat())
    assert shown(api, "2001-01-01T00:00:00Z") == []


def test_what_hangs_on_it_is_shown_as_of_the_same_moment(api: Rig) -> None:
    job = api.queue()
    api.settle()
    text = "query($i:ID!,$a:Moment){a:job(id:$i,asOf:$a){...j} b:job(id:$i){...j}}"
    text += " fragment j on Job{experiment{id name}}"
    then = api.lab.log.head()
    home = api.data(text, i=job, a=then)["a"]["experiment"]
    rename_experiment(api.lab, api.owner.actor, home["id"], name="called otherwise")
    api.settle()
    body = api.data(text, i=job, a=then)
    assert body["a"]["experiment"] == home
    assert body["b"]["experiment"]["name"] == "called otherwise"
    rename_experiment(api.lab, api.owner.actor, home["id"], name=home["name"])


def test_two_operations_of_a_batch_keep_their_moments_apart(api: Rig) -> None:
    before = api.lab.log.head()
    api.queue()
    api.settle()
    text = "query($a:Moment){jobs(asOf:$a){edges{node{experiment{name}}}}}"
    asked = [{"query": text, "variables": {"a": before}}, {"query": text, "variables": {}}]
    headers = {"authorization": f"Bearer {api.owner.token}"}
    then, now = (body["data"]["jobs"]["edges"] for body in api.post(asked, headers).json())
    assert len(now) == len(then) + 1


@pytest.mark.parametrize("bad", ["tomorrow", "2026-01-01", -1, 10**12, "9" * 30, True, 1.5, {}])
def test_a_moment_that_is_none_is_refused(api: Rig, bad: object) -> None:
    body = api.ask(JOBS, a=bad)
    assert "data" not in body or not body["data"] or body["data"].get("jobs") is None
    assert body["errors"]


def test_the_future_is_refused(api: Rig) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert api.code(JOBS, a=later) == "INVALID_INPUT"
    assert api.code(JOBS, a=api.lab.log.head() + 10_000) == "INVALID_INPUT"


def test_permissions_are_those_of_now(api: Rig) -> None:
    address = "left@example.org"
    user = register_user(api.lab, system("t"), email=address, name="", password=PASSWORD)
    add_member(api.lab, api.owner.actor, email=address, role=Role.MEMBER)
    api.settle()
    token = open_session(api.lab, user).secret
    then = api.lab.log.head()
    assert "errors" not in api.ask(JOBS, token=token, a=then)
    remove_member(api.lab, api.owner.actor, user=user)
    api.settle()
    assert api.code(JOBS, token=token, a=then) in ("NOT_AUTHENTICATED", "PERMISSION_DENIED")
    assert api.code(JOBS, token="", a=then) == "NOT_AUTHENTICATED"


def test_members_and_quota_are_those_of_then(api: Rig) -> None:
    then = api.lab.log.head()
    address = "later@example.org"
    register_user(api.lab, system("t"), email=address, name="", password=PASSWORD)
    add_member(api.lab, api.owner.actor, email=address, role=Role.VIEWER)
    api.queue()
    api.settle()
    text = "query($a:Moment){members(asOf:$a){person{email}} quota(asOf:$a){team{heldS}}}"
    past, now = api.data(text, a=then), api.data(text)
    assert len(now["members"]) == len(past["members"]) + 1
    assert now["quota"]["team"]["heldS"] > past["quota"]["team"]["heldS"]
