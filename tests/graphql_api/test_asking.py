"""What the API answers, to whom, and what it refuses."""

from __future__ import annotations

import pytest

from application.actor import Actor, system
from application.commands.accounts import register_user
from application.commands.members import add_member
from application.commands.service_accounts import make_service_account
from application.commands.tokens import issue_service_token, issue_token
from domain.teams import Role
from graphql_api.sdl import PATH, sdl
from tests.graphql_api.rig import PASSWORD, TASK, Rig

pytestmark = pytest.mark.postgres


def test_the_published_schema_is_the_one_that_is_served() -> None:
    assert PATH.read_text("utf-8") == sdl(), "run: python -m graphql_api.sdl"


def test_the_version_is_for_anybody(api: Rig) -> None:
    assert api.data("{version}", token="")["version"]


def test_a_person_signs_in_asks_and_signs_out(api: Rig) -> None:
    text = "mutation($e:String!,$p:String!){signIn(email:$e,password:$p){token}}"
    token = api.data(text, token="", e=api.owner.email, p=PASSWORD)["signIn"]["token"]
    me = api.data("{me{person{email} team{name} role}}", token=token)["me"]
    assert me == {"person": {"email": api.owner.email}, "team": {"name": "ada"}, "role": "OWNER"}
    api.data("mutation{signOut{position}}", token=token)
    assert api.code("{me{role}}", token=token) == "NOT_AUTHENTICATED"


def test_guessing_passwords_is_slowed_down(api: Rig) -> None:
    text = 'mutation{signIn(email:"nobody@example.org",password:"wrong"){token}}'
    codes = [api.code(text, token="") for _ in range(11)]
    assert codes == ["NOT_AUTHENTICATED"] * 10 + ["RATE_LIMITED"]


def test_a_queued_job_is_in_the_answer_with_what_belongs_to_it(api: Rig) -> None:
    text = """mutation($l: Launch!) { queueJob(launch: $l) { position job {
      id status why parameters owner { email } experiment { name } provider { name isDefault } } } }"""
    body = api.data(text, l={"yaml": TASK, "parameters": {"lr": 0.5}})["queueJob"]
    job = body["job"]
    assert job["status"] == "QUEUED"
    assert job["parameters"] == {"lr": 0.5}
    assert job["owner"] == {"email": api.owner.email}
    assert job["provider"] == {"name": "idle", "isDefault": True}
    assert job["why"]


def test_one_key_queues_one_job_and_another_wish_is_refused(api: Rig) -> None:
    assert api.queue("k1") == api.queue("k1") != api.queue("k2")
    text = 'mutation{queueJob(launch:{yaml:"name: b\\nrun: ls"},idempotencyKey:"k1"){id}}'
    assert api.code(text) == "IDEMPOTENCY_KEY_REUSED"


def test_jobs_are_paged_without_gaps_or_repeats(api: Rig) -> None:
    text = "mutation($l:[Launch!]!){queueJobs(launches:$l){ids}}"
    made = api.data(text, l=[{"yaml": TASK}] * 25)["queueJobs"]["ids"]
    seen: list[str] = []
    after = None
    page = """query($a:String){jobs(first:7,after:$a){edges{node{id}} pageInfo{hasNextPage endCursor}}}"""
    while True:
        jobs = api.data(page, a=after)["jobs"]
        seen += [edge["node"]["id"] for edge in jobs["edges"]]
        after = jobs["pageInfo"]["endCursor"]
        if not jobs["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen))
    assert set(made) <= set(seen)


def test_another_teams_things_do_not_exist(api: Rig) -> None:
    job = api.queue()
    other = api.account("eve@example.org", "eve")
    by_id = "query($id:ID!){job(id:$id){id}}"
    assert api.code(by_id, token=other.token, id=job) == "NOT_FOUND"
    stop = "mutation($id:ID!){stopJob(id:$id){id}}"
    assert api.code(stop, token=other.token, id=job) == "NOT_FOUND"
    assert api.data("{jobs{edges{node{id}}}}", token=other.token)["jobs"]["edges"] == []
    streams = "query($s:[String!]){events(streams:$s){events{stream}}}"
    assert api.data(streams, token=other.token, s=[job])["events"]["events"] == []
    every = api.data("{events(limit:1000){events{stream}}}", token=other.token)["events"]["events"]
    assert every
    assert job not in {event["stream"] for event in every}


def test_a_bad_task_is_refused_with_every_problem_and_its_place(api: Rig) -> None:
    bad = {"yaml": "name: x\nrun: ls\nfoo: 1\nenvs: 3\n"}
    body = api.ask("mutation($l:Launch!){queueJob(launch:$l){id}}", l=bad)
    told = body["errors"][0]["extensions"]
    assert told["code"] == "INVALID_TASK"
    assert {p["line"] for p in told["problems"]} == {3, 4}
    text = "query($y:String!){validateTask(yaml:$y){ok problems{line message}}}"
    assert len(api.data(text, y=bad["yaml"])["validateTask"]["problems"]) == 2


def test_tasks_are_written_revised_and_restored(api: Rig) -> None:
    make = (
        """mutation($y:String!){createTask(experiment:"alpha",yaml:$y){id task{revision name}}}"""
    )
    made = api.data(make, y=TASK)["createTask"]
    assert made["task"] == {"revision": 1, "name": "hello"}
    revise = "mutation($i:ID!,$y:String!){reviseTask(id:$i,yaml:$y){task{revision yaml}}}"
    revised = api.data(revise, i=made["id"], y=TASK + "# more\n")["reviseTask"]["task"]
    assert revised["revision"] == 2
    back = "mutation($i:ID!){restoreTask(id:$i,revision:1){task{revision yaml}}}"
    assert api.data(back, i=made["id"])["restoreTask"]["task"] == {"revision": 3, "yaml": TASK}
    revisions = api.data("query($i:ID!){revisions(task:$i){number}}", i=made["id"])["revisions"]
    assert [r["number"] for r in revisions] == [3, 2, 1]


def test_a_secrets_value_is_never_read_back(api: Rig) -> None:
    done = 'mutation{setSecret(name:"HF",value:"hunter2hunter2"){secret{name version}}}'
    assert api.data(done)["setSecret"]["secret"] == {"name": "HF", "version": 1}
    shown = api.ask("{secrets{name version personal} events(limit:1000){events{data}}}")
    assert "hunter2" not in str(shown)


def test_a_reading_token_reads_and_does_no_more(api: Rig) -> None:
    text = 'mutation{issueToken(name:"ci",scopes:["read"],days:1){secret id token{prefix}}}'
    made = api.data(text)["issueToken"]
    assert made["secret"].startswith(made["token"]["prefix"])
    assert api.data("{me{role}}", token=made["secret"])["me"]["role"] == "OWNER"
    assert (
        api.code('mutation{createExperiment(name:"x"){id}}', token=made["secret"])
        == "PERMISSION_DENIED"
    )
    assert api.code('mutation{createTeam(name:"x"){id}}', token=made["secret"]) != ""
    api.data("mutation($i:ID!){revokeToken(id:$i){position}}", i=made["id"])
    assert api.code("{me{role}}", token=made["secret"]) == "NOT_AUTHENTICATED"


def test_quota_is_shown_in_seconds_and_refused_in_minutes(api: Rig) -> None:
    other = api.account("cid@example.org", "cid")
    set_ = "mutation{setQuota(limitMinutes:90){quota{team{limitS leftS heldS}}}}"
    quota = api.data(set_, token=other.token)["setQuota"]["quota"]["team"]
    assert quota == {"limitS": 5400, "leftS": 5400, "heldS": 0}
    queue = "mutation($l:Launch!){queueJob(launch:$l){id}}"
    api.data(queue, token=other.token, l={"yaml": TASK, "minutesRequested": 60})
    told = api.ask(queue, token=other.token, l={"yaml": TASK, "minutesRequested": 60})["errors"][0]
    assert told["extensions"]["code"] == "QUOTA_EXCEEDED"
    assert told["extensions"]["left"] == 30


TEAM_TOKENS = "{teamTokens{holder{email name} token{id name prefix scopes usedAt}}}"
REVOKE = "mutation($i:ID!){revokeToken(id:$i){position}}"


def test_an_admin_sees_everybodys_tokens_and_revokes_them(api: Rig) -> None:
    owner = api.account("boss@tokens.example", "tokens")
    ben = register_user(
        api.lab, system("test"), email="ben@tokens.example", name="Ben", password=PASSWORD
    )
    add_member(api.lab, owner.actor, email="ben@tokens.example", role=Role.MEMBER)
    bens = Actor(by=f"user:{ben}", user=ben, team=owner.team, role=Role.MEMBER)
    made, secret = issue_token(api.lab, bens, name="laptop", scopes=["jobs"])
    bot = make_service_account(api.lab, owner.actor, name="nightly", role=Role.VIEWER)
    issue_service_token(api.lab, owner.actor, bot, name="cron")
    stranger = api.account("eve@tokens.example", "tokens of others")
    api.settle()
    api.data("{jobs{edges{cursor}}}", token=secret)
    found = {t["token"]["name"]: t for t in api.data(TEAM_TOKENS, token=owner.token)["teamTokens"]}
    assert set(found) == {"laptop", "cron"}
    laptop = found["laptop"]
    assert laptop["holder"]["email"] == "ben@tokens.example"
    assert (laptop["token"]["prefix"], laptop["token"]["scopes"]) == (secret[:12], ["jobs"])
    assert laptop["token"]["usedAt"]
    assert found["cron"]["holder"] == {"email": "", "name": "nightly"}

    assert api.code(TEAM_TOKENS, token=secret) == "PERMISSION_DENIED"
    assert api.code(REVOKE, token=stranger.token, i=made) == "NOT_FOUND"
    api.data(REVOKE, token=owner.token, i=made)
    assert api.code("{jobs{edges{cursor}}}", token=secret) == "NOT_AUTHENTICATED"
    names = [t["token"]["name"] for t in api.data(TEAM_TOKENS, token=owner.token)["teamTokens"]]
    assert names == ["cron"]
    sessions = api.data("{sessions{id}}", token=owner.token)["sessions"]
    assert api.code(REVOKE, token=stranger.token, i=sessions[0]["id"]) == "NOT_FOUND"
