"""Timelines, comparisons, other courses and reversals, as people ask the API for them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from application.actor import system
from application.commands.compute import note_reachable
from application.commands.job_changes import change_job
from application.commands.sightings import lose_job, note_unseen
from domain.job_events import StopReason
from domain.jobs import fold
from domain.observations import Exit, Observation, Phase
from tests.graphql_api.rig import Rig

pytestmark = pytest.mark.postgres

SYSTEM = system("poller")
TIMELINE = """query($j:ID!){jobTimeline(job:$j){title firstAnomaly markdown
  entries{lane anomaly ledBy event{position name}}}}"""
WHAT_IF = """query($s:DateTime!,$u:DateTime!,$c:WhatIfChange){whatIf(since:$s,until:$u,change:$c){
  decisions diverged unlike recorded{who asked refused} after{who asked refused} moved{name acceptedAfter}}}"""
RETRIED = "name: t\nrun: 'true'\nretries: {platform: 2, backoff: 1s}\n"


def launch(api: Rig, job: str) -> int:
    """The next attempt of a job, submitted and running."""
    lab = api.lab
    change_job(lab, job, lambda j: j.launch(now=lab.clock.now(), by=SYSTEM.by), actor=SYSTEM)
    attempt = fold(lab.log.stream(job)).attempt
    seen = Observation(
        attempt=attempt, phase=Phase.RUNNING, at=lab.clock.now(), source="node", host="n1"
    )
    change_job(lab, job, lambda j: j.observe(seen, now=lab.clock.now(), by=SYSTEM.by), actor=SYSTEM)
    return attempt


def test_a_post_mortem_names_the_node_that_was_lost_first(api: Rig) -> None:
    queue = "mutation($l:Launch!){queueJob(launch:$l){id}}"
    job = api.data(queue, l={"yaml": RETRIED})["queueJob"]["id"]
    provider = fold(api.lab.log.stream(job)).provider
    attempt = launch(api, job)
    note_unseen(api.lab, job)
    lost = api.lab.log.head()
    note_reachable(api.lab, SYSTEM, provider, problem="the switch is down")
    note_reachable(api.lab, SYSTEM, provider, problem="")
    lose_job(api.lab, job, attempt=attempt, polls=9)
    again = launch(api, job)
    now, out = api.lab.clock.now(), StopReason.QUOTA
    change_job(
        api.lab,
        job,
        lambda j: j.request_stop(
            reason=out, grace_s=1, now=now, by=SYSTEM.by, text="It is used up."
        ),
        actor=SYSTEM,
    )
    end = Observation(
        attempt=again,
        phase=Phase.ENDED,
        at=api.lab.clock.now(),
        source="node",
        exit=Exit(signal=15),
    )
    now = api.lab.clock.now()
    change_job(api.lab, job, lambda j: j.observe(end, now=now, by=SYSTEM.by), actor=SYSTEM)
    api.settle()

    found = api.data(TIMELINE, j=job)["jobTimeline"]
    lanes = {e["event"]["name"]: e["lane"] for e in found["entries"]}
    assert found["firstAnomaly"] == lost
    assert lanes["job.queued.v1"] == "PERSON"
    assert lanes["job.launching.v1"] == "LABLEDGER"
    assert lanes["job.unseen.v1"] == lanes["provider.unreachable.v1"] == "PROVIDER"
    assert lanes["job.running.v1"] == "NODE"
    assert lanes["quota.settled.v1"] == "QUOTA"
    wrong = [e["event"]["name"] for e in found["entries"] if e["anomaly"]]
    assert wrong == [
        "job.unseen.v1", "provider.unreachable.v1", "job.attempt_failed.v1",
        "job.stop_requested.v1", "job.failed.v1",
    ]  # fmt: skip
    steps = path(found, lost)
    assert [step.removesuffix(".v1") for step in steps] == [
        "job.queued", "job.launching", "job.machine_held", "job.running", "job.unseen",
    ]  # fmt: skip
    last = next(e for e in found["entries"] if e["event"]["name"] == "job.failed.v1")
    assert path(found, last["event"]["position"])[:2] == ["job.queued.v1", "job.launching.v1"]
    assert f"[{lost}](" in found["markdown"]
    assert "**First anomaly**" in found["markdown"]
    assert f"/audit?before={lost + 1})" in found["markdown"]


def path(found: dict[str, object], position: int | None) -> list[str]:
    entries = found["entries"]
    assert isinstance(entries, list)
    by_position = {e["event"]["position"]: e for e in entries}
    names: list[str] = []
    while position:
        names.append(by_position[position]["event"]["name"])
        position = by_position[position]["ledBy"]
    return names[::-1]


def test_a_stretch_of_the_log_is_a_timeline_too(api: Rig) -> None:
    first = api.lab.log.head() + 1
    job = api.queue()
    last = api.lab.log.head()
    api.settle()
    text = "query($s:Moment!,$u:Moment!){timeline(since:$s,until:$u){entries{event{position stream}} firstAnomaly}}"
    found = api.data(text, s=first, u=last)["timeline"]
    assert [e["event"]["position"] for e in found["entries"]] == list(range(first, last + 1))
    assert job in {e["event"]["stream"] for e in found["entries"]}
    assert found["firstAnomaly"] is None
    (error,) = api.ask(text, s=10**9, u=10**9)["errors"]
    assert "choose a wider stretch" in error["message"]


def test_two_jobs_are_compared_value_by_value(api: Rig) -> None:
    queue = "mutation($l:Launch!){queueJob(launch:$l){id}}"
    yaml = "name: hello\nrun: echo hello\nsetup: pip install torch\nparameters:\n  lr: 0.1\n"
    one = api.data(queue, l={"yaml": yaml})["queueJob"]["id"]
    other = api.data(queue, l={"yaml": yaml, "parameters": {"lr": 0.2}})["queueJob"]["id"]
    api.settle()
    text = "query($l:ID!,$r:ID!){jobDiff(left:$l,right:$r){section name left right same}}"
    rows = api.data(text, l=one, r=other)["jobDiff"]
    differing = [row for row in rows if not row["same"]]
    assert [(d["section"], d["name"], d["left"], d["right"]) for d in differing] == [
        ("parameters", "parameters.lr", "0.1", "0.2")
    ]
    assert {"code", "infrastructure", "outcome"} <= {row["section"] for row in rows}
    pins = api.data("query($j:ID!){jobPins(job:$j){name pinned note}}", j=one)["jobPins"]
    held = {pin["name"]: pin["pinned"] for pin in pins}
    assert held == {
        "command": True, "parameters": True, "files": True, "setup": False, "machine": False,
    }  # fmt: skip


def test_a_refused_launch_is_recorded_and_accepted_under_another_limit(api: Rig) -> None:
    ann = api.account("whatif@example.org", "what-if")
    ask = {"token": ann.token}
    begin = api.lab.clock.now()
    api.data("mutation{setQuota(limitMinutes:100){position}}", **ask)
    queue = "mutation($l:Launch!){queueJob(launch:$l){id}}"
    launch = {"yaml": "name: big\nrun: 'true'\n", "minutesRequested": 80}
    api.data(queue, l=launch, **ask)
    (refused,) = api.ask(queue, l=launch, **ask)["errors"]
    assert refused["extensions"]["code"] == "QUOTA_EXCEEDED"
    window = {"s": (begin - timedelta(hours=1)).isoformat(), "u": api.lab.clock.now().isoformat()}
    found = api.data(WHAT_IF, **window, c={"quotas": [{"of": "team", "factor": 2}]}, **ask)[
        "whatIf"
    ]
    assert (found["decisions"], found["diverged"], found["unlike"]) == (3, 0, 0)
    assert found["recorded"][0] == {"who": None, "asked": 2, "refused": 1}
    assert found["after"][0]["refused"] == 0
    assert found["moved"] == [{"name": "big", "acceptedAfter": True}]
    (wrong,) = api.ask(WHAT_IF, **window, c={"quotas": [{"of": "nobody", "minutes": 1}]}, **ask)[
        "errors"
    ]
    assert "No job of that time asked for it" in wrong["message"]


def test_a_change_is_shown_and_taken_back_once(api: Rig) -> None:
    ann = api.account("revert@example.org", "revert")
    ask = {"token": ann.token}
    name = "mutation($n:String!){renameTeam(name:$n){position}}"
    position = api.data(name, n="Vision", **ask)["renameTeam"]["position"]
    preview = "query($p:Long!){revertPreview(position:$p){what now then against}}"
    shown = api.data(preview, p=position, **ask)["revertPreview"]
    assert shown == {"what": "the team's name", "now": "Vision", "then": "revert", "against": ""}
    revert = "mutation($p:Long!){revert(position:$p){position}}"
    assert api.data(revert, p=position, **ask)["revert"]["position"] > position
    again = api.data(preview, p=position, **ask)["revertPreview"]
    assert again["against"] == "It is already as it was."
    (error,) = api.ask(revert, p=position, **ask)["errors"]
    assert error["extensions"]["code"] == "INVALID_INPUT"
    (error,) = api.ask(revert, p=1, **ask)["errors"]
    assert "can be taken back" in error["message"]
    other = api.account("revert-other@example.org", "other")
    (error,) = api.ask(preview, p=position, token=other.token)["errors"]
    assert error["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("change", "then"),
    [
        ("setQuota(limitMinutes:5){position}", "no limit"),
        ('createExperiment(name:"x1"){position}', ""),
    ],
)
def test_what_can_be_taken_back_is_said(api: Rig, change: str, then: str) -> None:
    ann = api.account(f"{change[:4]}-back@example.org", f"back {then}")
    position = next(iter(api.data(f"mutation{{{change}}}", token=ann.token).values()))["position"]
    text = "query($p:Long!){revertPreview(position:$p){then against}}"
    said = api.ask(text, p=position, token=ann.token)
    if then:
        assert said["data"]["revertPreview"] == {"then": then, "against": ""}
        api.data("mutation($p:Long!){revert(position:$p){position}}", p=position, token=ann.token)
        assert api.lab.log.head() > position
    else:
        assert "can be taken back" in said["errors"][0]["message"]
