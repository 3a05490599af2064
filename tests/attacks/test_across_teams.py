"""Another team's ids in paths, in arguments and deep inside bodies; another job's token."""

from __future__ import annotations

import hashlib

import httpx
import pytest

from domain.teams import Role
from tests.attacks.conftest import Noted
from tests.graphql_api.rig import TASK, Rig
from tests.graphql_api.test_permission_matrix import Team

pytestmark = pytest.mark.postgres

LAUNCH = "mutation($l:Launch!){queueJob(launch:$l){id}}"
IN_BODIES = {
    "a task to launch": (LAUNCH, lambda t: {"l": {"task": t.ids["task"]}}),
    "an experiment to launch in": (
        LAUNCH,
        lambda t: {"l": {"yaml": TASK, "experiment": t.ids["experiment"]}},
    ),
    "a provider to launch on": (
        LAUNCH,
        lambda t: {"l": {"yaml": TASK, "provider": t.ids["provider"]}},
    ),
    "a checkpoint to resume from": (
        LAUNCH,
        lambda t: {"l": {"yaml": TASK, "resumeFrom": t.ids["artifact"]}},
    ),
    "one of several launches": (
        "mutation($l:[Launch!]!){queueJobs(launches:$l){ids}}",
        lambda t: {"l": [{"yaml": TASK}, {"task": t.ids["task"]}]},
    ),
    "an experiment to keep a task in": (
        "mutation($e:String!,$y:String!){createTask(experiment:$e,yaml:$y){id}}",
        lambda t: {"e": t.ids["experiment"], "y": TASK},
    ),
    "a member to limit": (
        "mutation($u:String!){setQuota(user:$u,limitMinutes:1){position}}",
        lambda t: {"u": t.ids["member"]},
    ),
    "a resource of an access rule": (
        "mutation($r:String!){setAccessRule(resource:$r,verbs:[]){position}}",
        lambda t: {"r": t.ids["experiment"]},
    ),
    "a member an access rule is about": (
        'mutation($u:String!){setAccessRule(resource:"registry",subject:$u,verbs:[]){position}}',
        lambda t: {"u": t.ids["member"]},
    ),
}


@pytest.mark.parametrize("what", IN_BODIES)
def test_another_teams_id_in_a_body_is_not_found(
    api: Rig, ours: Team, theirs: Team, what: str
) -> None:
    text, variables = IN_BODIES[what]
    token = ours.token(Role.OWNER)
    head = api.lab.log.head()
    assert api.code(text, token=token, **variables(theirs)) == "NOT_FOUND"
    assert api.lab.log.head() == head


def test_another_teams_ids_filter_to_nothing(api: Rig, ours: Team, theirs: Team) -> None:
    token = ours.token(Role.OWNER)
    for field in ("experiment", "provider"):
        text = "query($i:ID!){jobs(where:{%s:$i}){edges{node{id}}}}" % field  # noqa: UP031
        found = api.ask(text, token=token, i=theirs.ids[field])
        assert "errors" in found or found["data"]["jobs"]["edges"] == []
    text = "query($s:[String!]!){events(streams:$s){events{stream}}}"
    streams = [theirs.ids["job"], theirs.owner.team, f"quota_team:{theirs.owner.team}:2026-11"]
    assert api.data(text, token=token, s=streams)["events"]["events"] == []


def test_another_teams_team_and_artifact_and_log_are_not_found_and_it_is_noted_by_whom(
    api: Rig, ours: Team, theirs: Team, noted: Noted
) -> None:
    mine = {"authorization": f"Bearer {ours.token(Role.OWNER)}"}
    for path in (
        f"/api/artifacts/{theirs.ids['artifact']}/x",
        f"/api/jobs/{theirs.ids['job']}/log",
    ):
        assert api.client.get(path, headers=mine).status_code == 404
        assert f"FOREIGN: user:{ours.owner.user} asked for GET {path}" in noted(path)
    inside = api.post({"query": "{me{role}}"}, {**mine, "x-lab-team": theirs.owner.team}).json()
    assert inside["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    api.code("query($i:ID!){task(id:$i){id}}", token=ours.token(Role.OWNER), i=theirs.ids["task"])
    assert f"user:{ours.owner.user}" in noted("asked for task from")


def test_bytes_that_another_team_uploaded_are_not_had_by_their_hash(
    api: Rig, ours: Team, theirs: Team
) -> None:
    secret = b"the other team's secret script"
    headers = {"authorization": f"Bearer {theirs.token(Role.OWNER)}"}
    api.client.post("/api/files", content=secret, headers=headers).raise_for_status()
    file = {"path": "x", "sha256": hashlib.sha256(secret).hexdigest(), "size": len(secret)}
    asked = {"yaml": TASK, "files": [file]}
    assert api.code(LAUNCH, token=ours.token(Role.OWNER), l=asked) == "INVALID_INPUT"


def test_the_token_of_a_job_reaches_nothing_but_its_own_job(
    api: Rig, ours: Team, theirs: Team, noted: Noted
) -> None:
    token = api.lab.credentials.job_token(ours.ids["job"], 1, now=api.lab.clock.now())
    bearer = {"authorization": f"Bearer {token}"}
    asked = api.post({"query": "{me{role}}"}, bearer).json()
    assert asked["errors"][0]["extensions"]["code"] == "NOT_AUTHENTICATED"
    assert api.client.get(f"/api/jobs/{ours.ids['job']}/log", headers=bearer).status_code == 401
    assert f"job:{ours.ids['job']}" in noted(f"GET /api/jobs/{ours.ids['job']}/log")
    assert _journal(api, token, attempt=2).status_code == 401
    other = token.replace(ours.ids["job"], theirs.ids["job"])
    assert _journal(api, other, attempt=1).status_code == 401
    blob = f"/node/v1/blobs/{hashlib.sha256(b'unseen').hexdigest()}"
    assert api.client.get(blob, headers=bearer).status_code == 404


def _journal(api: Rig, token: str, *, attempt: int) -> httpx.Response:
    where = {"attempt": str(attempt), "node": "0", "stream": "node", "offset": "0"}
    headers = {"authorization": f"Bearer {token}"}
    return api.client.post("/node/v1/journal", params=where, content=b"", headers=headers)
