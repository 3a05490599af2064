"""Versions of what was saved under one name, and the chain from one back to where it began."""

from __future__ import annotations

from typing import Any

import pytest

from application.actor import system
from application.commands.attempts import launch_job
from application.commands.job_changes import change_job
from application.commands.jobs import rerun_job
from application.commands.members import add_member
from application.commands.rules import set_rule
from domain.artifacts import ArtifactDeleted, ArtifactKind, ArtifactSaved
from domain.job_spec import FrozenFile
from domain.jobs import fold
from domain.teams import Role
from tests.graphql_api.rig import Account, Rig

pytestmark = pytest.mark.postgres

VERSIONS = """query($k:String!,$n:String!,$a:Moment){artifactVersions(kind:$k,name:$n,asOf:$a){
 number artifact{id jobId}}}"""
LINEAGE = """query($i:ID!){artifactLineage(id:$i){version{number artifact{id kind name step}}
 job{id parameters} commit}}"""
CHECKPOINT = ArtifactKind.CHECKPOINT


@pytest.fixture(scope="module")
def owner(api: Rig) -> Account:
    return api.account("owner@lineage.example", "lineage")


def saved(
    api: Rig, job: str, name: str, *, kind: ArtifactKind = ArtifactKind.MODEL, attempt: int = 1
) -> str:
    """The id of a new artifact of the job."""
    state = fold(api.lab.log.stream(job))
    id = api.lab.ids.new("art")
    fact = ArtifactSaved(
        originator_id=id, originator_version=1, at=api.lab.clock.now(), by="system:test",
        team=state.team, experiment=state.experiment, job=job, attempt=attempt, kind=kind, name=name,
        files=(FrozenFile(path="w.bin", sha256="0" * 64, size=3),), step=7,
    )  # fmt: skip
    api.lab.append([fact], actor=system("test"))
    return id


def launched(api: Rig, job: str, *, checkpoint: str = "") -> str:
    launch_job(api.lab, job, provider=fold(api.lab.log.stream(job)).provider, checkpoint=checkpoint)
    return job


def queued(api: Rig, owner: Account) -> str:
    text = "mutation($l:Launch!){queueJob(launch:$l){id}}"
    wish = {"yaml": "name: train\nrun: x\nparameters:\n  lr: 0.1\nretries: 1\n"}
    return str(api.data(text, token=owner.token, l=wish)["queueJob"]["id"])


def ask(api: Rig, owner: Account, text: str, **asked: object) -> Any:
    api.settle()
    (found,) = api.data(text, token=owner.token, **asked).values()
    return found


def test_versions_count_every_save_and_none_is_numbered_again(api: Rig, owner: Account) -> None:
    job = launched(api, queued(api, owner))
    first, second = (saved(api, job, "student") for _ in range(2))
    saved(api, job, "student", kind=ArtifactKind.DATASET)
    saved(api, job, "teacher")
    before = api.lab.log.head()
    api.lab.append(
        [
            ArtifactDeleted(
                originator_id=first, originator_version=2, at=api.lab.clock.now(), by="system:test"
            )
        ],
        actor=system("test"),
    )
    third = saved(api, job, "student")
    found = ask(api, owner, VERSIONS, k="model", n="student")
    assert [(v["number"], v["artifact"]["id"]) for v in found] == [(3, third), (2, second)]
    then = ask(api, owner, VERSIONS, k="model", n="student", a=str(before))
    assert [v["number"] for v in then] == [2, 1]
    assert api.code(VERSIONS, token=owner.token, k="model", n="nothing") == "NOT_FOUND"
    assert api.code(VERSIONS, token=owner.token, k="cake", n="student") == "INVALID_INPUT"


def test_the_chain_goes_back_over_jobs_and_attempts_to_the_first(api: Rig, owner: Account) -> None:
    first = launched(api, queued(api, owner))
    start = saved(api, first, "step-1", kind=CHECKPOINT)
    second = launched(api, rerun_job(api.lab, owner.actor, first, checkpoint=start))
    middle = saved(api, second, "step-2", kind=CHECKPOINT)
    now, by = api.lab.clock.now(), system("test")
    change_job(
        api.lab,
        second,
        lambda j: j.launch_refused(attempt=1, reason="busy", transient=True, now=now, by=by.by),
        actor=by,
    )
    launched(api, second, checkpoint=middle)  # the same job, again from its own checkpoint
    model = saved(api, second, "end", attempt=2)
    found = ask(api, owner, LINEAGE, i=model)
    chain = [(step["version"]["artifact"]["id"], step["job"]["id"]) for step in found]
    assert chain == [(model, second), (middle, second), (start, first)]
    assert found[0]["job"]["parameters"] == {"lr": 0.1}
    assert [step["version"]["number"] for step in found] == [1, 1, 1]


def test_the_chain_ends_where_rules_hide_what_was_before(api: Rig, owner: Account) -> None:
    member = api.account("member@lineage.example", "elsewhere")
    add_member(api.lab, owner.actor, email=member.email, role=Role.MEMBER)
    first = launched(api, queued(api, owner))
    start = saved(api, first, "hidden", kind=CHECKPOINT)
    api.settle()
    wish = {"yaml": "name: t\nrun: x\n", "experiment": "beta", "resumeFrom": start}
    text = "mutation($l:Launch!){queueJob(launch:$l){id}}"
    second = launched(api, api.data(text, token=owner.token, l=wish)["queueJob"]["id"])
    model = saved(api, second, "shown")
    alpha = fold(api.lab.log.stream(first)).experiment
    set_rule(api.lab, owner.actor, resource=alpha, subject=member.email, verbs=())
    api.settle()
    body = {"query": LINEAGE, "variables": {"i": model}}
    headers = {"authorization": f"Bearer {member.token}", "x-lab-team": owner.team}
    theirs = api.post(body, headers).json()["data"]["artifactLineage"]
    assert [step["version"]["artifact"]["id"] for step in theirs] == [model]
    whole = ask(api, owner, LINEAGE, i=model)
    assert [step["version"]["artifact"]["id"] for step in whole] == [model, start]
    assert api.code(LINEAGE, token=member.token, i=model) == "NOT_FOUND"
