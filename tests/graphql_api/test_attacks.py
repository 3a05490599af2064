"""Documents, bodies and strings that want to hurt."""

from __future__ import annotations

import json
import re
import time

import pytest

from application.commands.tokens import issue_token
from tests.graphql_api.rig import TASK, Rig

pytestmark = pytest.mark.postgres

HOSTILE = ["", " ", "'; drop table jobs;--", "<script>alert(1)</script>", "😀" * 50, "a" * 5_000]
HOSTILE += ["../../etc/passwd", "\u202e\u2066", "%s%n", "job_", "\r\n\r\n", "{{secret.X}}", "NaN"]


def bomb() -> str:
    levels = [f"fragment F{i} on Query {{ ...F{i + 1} ...F{i + 1} }}" for i in range(60)]
    return "{ ...F0 } " + " ".join(levels) + " fragment F60 on Query { version }"


def test_documents_above_a_limit_are_refused_quickly(api: Rig) -> None:
    deep = "{jobs{edges{node{" + "experiment{" * 12 + "id" + "}" * 16
    wide = "{" + " ".join(f"a{i}:version" for i in range(40)) + "}"
    dear = "{jobs(first:200){edges{node{" + "artifacts{files{path sha256}} " * 60 + "}}}}"
    long = "{" + "version " * 4_000 + "}"
    inside = "{__schema" + "{types{fields{type" * 9 + "{name}" + "}}}" * 9 + "}"
    for text in (deep, wide, dear, long, inside):
        before = time.monotonic()
        body = api.ask(text)
        assert body["errors"], text[:60]
        assert time.monotonic() - before < 2


def test_a_fragment_bomb_costs_nothing(api: Rig) -> None:
    before = time.monotonic()
    api.ask(bomb())
    assert time.monotonic() - before < 2
    api.ask("{...A} fragment A on Query {...B} fragment B on Query {...A}")


def test_batches_are_bounded(api: Rig) -> None:
    one = {"query": "{version}"}
    assert len(api.post([one] * 10).json()) == 10
    assert api.post([one] * 11).status_code == 400


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b"null", b'"x"', b"[5]", b"{", b'{"query":5}'])
def test_bodies_that_are_no_request_are_refused(api: Rig, body: bytes) -> None:
    answer = api.client.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


def test_other_content_types_and_gets_are_refused(api: Rig) -> None:
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonp",
    ):
        answer = api.client.post(
            "/graphql", content=b'{"query":"{version}"}', headers={"content-type": kind}
        )
        assert answer.status_code == 415, kind
    assert api.client.get("/graphql?query={version}").status_code >= 400


def test_too_large_a_body_is_refused(api: Rig) -> None:
    big = b'{"query":"' + b" " * (9 * 1024 * 1024) + b'{version}"}'
    answer = api.client.post("/graphql", content=big, headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_a_cookie_alone_does_not_act_for_a_foreign_page(api: Rig) -> None:
    cookie = {"cookie": f"lab_session={api.owner.token}"}
    body = {"query": "{me{role}}"}
    assert api.post(body, cookie).status_code == 403
    assert api.post(body, {**cookie, "origin": "https://evil.example"}).status_code == 403
    assert api.post(body, {**cookie, "origin": "null"}).status_code == 403
    assert api.post(body, {**cookie, "origin": api.url}).json()["data"]["me"]["role"] == "OWNER"
    assert "errors" not in api.post(body, {**cookie, "x-lab-request": "1"}).json()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_strings_are_answered_and_never_a_fault(api: Rig, text: str) -> None:
    asked = [
        ("query($t:ID!){job(id:$t){id}}", {}),
        ("query($t:String!){jobs(where:{text:$t}){edges{node{id}}}}", {}),
        ("query($t:String!){jobs(after:$t){edges{node{id}}}}", {}),
        ("query($t:ID!){jobLines(job:$t){number}}", {}),
        ("query($t:String!){tasks(experiment:$t){id}}", {}),
        ("query($t:[String!]){events(streams:$t){cursor}}", {"t": [text]}),
        ("mutation($t:String!){createExperiment(name:$t){id}}", {}),
        ("mutation($t:String!){queueJob(launch:{yaml:$t}){id}}", {}),
        ("mutation($t:String!){setSecret(name:$t,value:$t){position}}", {}),
        ("mutation($t:String!){addProvider(name:$t,kind:$t,settings:{a:$t}){id}}", {}),
        ("mutation($t:String!){issueToken(name:$t){id}}", {}),
        ("mutation($t:String!){addMember(email:$t,role:MEMBER){position}}", {}),
        ("mutation($t:ID!){stopJob(id:$t,idempotencyKey:$t){id}}", {}),
    ]
    for query, given in asked:
        body = api.ask(query, **{"t": text, **given})
        codes = [e["extensions"]["code"] for e in body.get("errors", [])]
        assert "INTERNAL" not in codes, (query, body)


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_characters_the_store_cannot_hold_are_refused(api: Rig, text: str) -> None:
    body = {
        "query": "mutation($t:String!){createExperiment(name:$t){id}}",
        "variables": {"t": text},
    }
    headers = {"content-type": "application/json", "authorization": f"Bearer {api.owner.token}"}
    answer = api.client.post("/graphql", content=json.dumps(body), headers=headers)
    assert answer.status_code == 400
    literal = 'mutation{createExperiment(name:"a\\u0000b"){id}}'
    assert api.code(literal) in ("BAD_REQUEST", "INVALID_INPUT")


def test_numbers_out_of_range_are_refused(api: Rig) -> None:
    for text in (
        "{jobs(first:0){edges{cursor}}}",
        "{jobs(first:100000){edges{cursor}}}",
        "{events(after:99999999999999999999){cursor}}",
        'mutation{queueJob(launch:{yaml:"name: a\\nrun: b",minutesRequested:-1}){id}}',
        "mutation{setQuota(limitMinutes:-5){position}}",
    ):
        assert api.code(text) in ("BAD_REQUEST", "INVALID_INPUT", "INVALID_TASK"), text


def test_refusals_do_not_repeat_what_was_sent_in_the_log(
    api: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    api.ask('mutation{setSecret(name:"1bad",value:"hunter2"){position}}')
    api.ask("{nonsense hunter2}")
    assert "hunter2" not in caplog.text
    assert TASK


def test_a_denial_is_logged_with_who_asked_for_what_from_where(
    api: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    _, token = issue_token(api.lab, api.owner.actor, name="reader", scopes=["read"])
    stop = 'mutation{stopJob(id:"job_hunter2"){id}}'
    assert api.code(stop, token=token) == "PERMISSION_DENIED"
    assert api.code(stop, token="") == "NOT_AUTHENTICATED"
    told = [r.getMessage() for r in caplog.records if "stopJob" in r.getMessage()]
    assert len(told) == 2
    assert re.fullmatch(
        r"PERMISSION_DENIED: token:token_\w+ asked for stopJob from 127.0.0.1", told[0]
    )
    assert told[1] == "NOT_AUTHENTICATED: nobody asked for stopJob from 127.0.0.1"
    assert "hunter2" not in caplog.text
