"""The event log by who, what, when and for which command; each fact as a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from application.actor import person, system
from application.commands.accounts import open_session, register_user
from application.commands.members import add_member
from application.commands.tokens import issue_token
from application.sentences import sentence
from domain.events import ALL
from domain.teams import Role
from tests.golden.samples import sample_event
from tests.graphql_api.rig import PASSWORD, Account, Rig

pytestmark = pytest.mark.postgres

BACK = """query($w:EventWhere,$b:Long,$n:Int!){eventsBack(where:$w,before:$b,limit:$n){
 cursor more events{position name by cause sentence stream}}}"""


def back(api: Rig, *, who: Account | None = None, n: int = 100, **where: object) -> Any:
    asked = (who or api.owner).token
    return api.data(BACK, token=asked, w=where, n=n)["eventsBack"]


def names(page: Any) -> list[str]:
    return [event["name"] for event in page["events"]]


@pytest.fixture(scope="module")
def told(api: Rig) -> dict[str, str]:
    """A job queued for a command by a member, and one by their token."""
    made = api.account("auditor@example.org", "audited")
    address = "mem@example.org"
    user = register_user(api.lab, system("t"), email=address, name="Mem", password=PASSWORD)
    add_member(api.lab, made.actor, email=address, role=Role.MEMBER)
    api.settle()
    session = open_session(api.lab, user).secret
    text = "mutation($l:Launch!,$k:String!){queueJob(launch:$l,idempotencyKey:$k){id}}"
    wish = {"yaml": "name: x\nrun: 'true'\n"}
    job = api.data(text, token=session, l=wish, k="cmd-7")["queueJob"]["id"]
    _, secret = issue_token(api.lab, person(user, team=made.team, role=Role.MEMBER), name="robot")
    api.data(text, token=secret, l=wish, k="cmd-8")
    api.settle()
    return {"owner": made.token, "user": user, "job": job, "team": made.team}


def ask(api: Rig, told: dict[str, str], n: int = 100, **where: object) -> Any:
    return api.data(BACK, token=told["owner"], w=where, n=n)["eventsBack"]


def test_by_actor_a_person_and_their_tokens(api: Rig, told: dict[str, str]) -> None:
    found = ask(api, told, actor="mem@example.org")
    assert {e["by"].partition(":")[0] for e in found["events"]} == {"user", "token"}
    assert names(found).count("job.queued.v1") == 2
    assert names(ask(api, told, actor=f"user:{told['user']}")).count("job.queued.v1") == 1
    assert ask(api, told, actor="system:nobody")["events"] == []
    body = api.ask(BACK, token=told["owner"], w={"actor": "stranger@example.org"}, n=1)
    assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"


def test_by_job_kind_name_and_cause(api: Rig, told: dict[str, str]) -> None:
    about = ask(api, told, job=told["job"])
    assert {"job.queued.v1", "quota.reserved.v1"} <= set(names(about))
    assert set(names(ask(api, told, kind="experiment"))) == {"experiment.created.v1"}
    assert set(names(ask(api, told, name="team.member_added"))) == {"team.member_added.v1"}
    caused = ask(api, told, cause="cmd-7")
    assert {e["cause"] for e in caused["events"]} == {"cmd-7"}
    assert {"job.queued.v1", "quota.reserved.v1"} <= set(names(caused))
    assert ask(api, told, kind="nonsense")["events"] == []


def test_by_time_and_position_both_ends_included(api: Rig, told: dict[str, str]) -> None:
    every = ask(api, told)["events"]
    first, last = every[-2]["position"], every[1]["position"]
    found = [e["position"] for e in ask(api, told, since=first, until=last)["events"]]
    assert (found[-1], found[0]) == (first, last)
    at = api.queries.moment(last)
    assert at is not None
    until = [e["position"] for e in ask(api, told, until=at.isoformat())["events"]]
    assert last in until
    since = [e["position"] for e in ask(api, told, since=at.isoformat())["events"]]
    assert last in since
    assert set(since) | set(until) == {e["position"] for e in every}


def test_pages_join_without_a_gap(api: Rig, told: dict[str, str]) -> None:
    every = [e["position"] for e in ask(api, told)["events"]]
    read: list[int] = []
    before = None
    while True:
        page = api.data(BACK, token=told["owner"], b=before, n=3)["eventsBack"]
        read += [e["position"] for e in page["events"]]
        before = page["cursor"]
        if not page["more"]:
            break
    assert read == every
    forward = "query($a:Long!){events(after:$a,limit:4){cursor more events{position}}}"
    ahead: list[int] = []
    after, more = 0, True
    while more:
        page = api.data(forward, token=told["owner"], a=after)["events"]
        ahead += [e["position"] for e in page["events"]]
        after, more = page["cursor"], page["more"]
    assert ahead == every[::-1]


def test_another_teams_events_are_not_shown_by_any_filter(api: Rig, told: dict[str, str]) -> None:
    assert back(api, job=told["job"])["events"] == []
    assert back(api, cause="cmd-7")["events"] == []
    assert back(api, stream=told["job"])["events"] == []


def test_sentences_name_people_and_things(api: Rig, told: dict[str, str]) -> None:
    (added,) = [
        e for e in ask(api, told, name="team.member_added")["events"] if "member" in e["sentence"]
    ]
    assert added["sentence"] == "Mem joined as member."


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__struct_config__.tag)
def test_every_fact_is_a_sentence(cls: Any) -> None:
    said = sentence(sample_event(cls), {})
    assert said == said.strip()
    assert len(said.split()) > 1
    assert "{" not in said


HISTOGRAM = """query($w:EventWhere,$n:Int!){eventHistogram(where:$w,slices:$n){
 begin end counts bounds}}"""


def test_how_much_happened_when_adds_up_to_what_is_listed(api: Rig, told: dict[str, str]) -> None:
    def counted(n: int, **where: object) -> Any:
        return api.data(HISTOGRAM, token=told["owner"], w=where, n=n)["eventHistogram"]

    every = ask(api, told, n=1000)["events"]
    whole = counted(7)
    assert sum(whole["counts"]) == len(every)
    assert len(whole["counts"]) == 7
    assert whole["bounds"][0] == every[-1]["position"] - 1
    assert whole["bounds"][-1] == every[0]["position"]
    for n, count in enumerate(whole["counts"]):
        low, high = whole["bounds"][n : n + 2]
        assert count == sum(low < e["position"] <= high for e in every)
    assert sum(counted(3, job=told["job"])["counts"]) == len(
        ask(api, told, job=told["job"])["events"]
    )
    assert counted(3, kind="nonsense") is None
    assert api.code(HISTOGRAM, w={}, n=501) == "INVALID_INPUT"
