"""GraphQL documents that want to be too much: each shape is refused before a resolver runs, and noted."""

from __future__ import annotations

import time

import pytest

from graphql_api.limits import MAX_ALIASES, MAX_BATCH, MAX_DEPTH, MAX_TOKENS
from tests.attacks.conftest import Noted
from tests.graphql_api.rig import Rig
from tests.graphql_api.test_attacks import bomb

pytestmark = pytest.mark.postgres

FEW = MAX_ALIASES // 3 + 1
SHAPES = {
    "depth": "{jobs{edges{node{" + "experiment{" * MAX_DEPTH + "id" + "}" * (MAX_DEPTH + 4),
    "aliases": "{" + " ".join(f"a{i}:version" for i in range(MAX_ALIASES + 1)) + "}",
    # CVE-2026-47707: an alias limiter that did not look inside fragment spreads.
    "aliases in a fragment, spread often": (
        "{...F ...F ...F ...F} fragment F on Query {"
        + " ".join(f"a{i}:version" for i in range(FEW))
        + "}"
    ),
    "aliases in fragments in fragments": (
        "{...A ...A} fragment A on Query {...B ...B} fragment B on Query {"
        + " ".join(f"a{i}:version" for i in range(FEW))
        + "}"
    ),
    "aliases in inline fragments": (
        "{" + " ".join(f"... on Query {{ a{i}:version }}" for i in range(MAX_ALIASES + 1)) + "}"
    ),
    "aliases over several operations": (
        " ".join(f"query Q{i} {{ a{i}:version b{i}:version }}" for i in range(MAX_ALIASES))
    ),
    "depth in fragments": (
        "{jobs{edges{node{...A}}}} fragment A on Job {experiment{...B}}"
        + " fragment B on Experiment {"
        + "tasks{experiment{" * MAX_DEPTH
        + "id"
        + "}}" * MAX_DEPTH
        + "}"
    ),
    "tokens": "{" + "version " * (MAX_TOKENS + 1) + "}",
    "directives": "{version" + " @include(if:true)" * MAX_TOKENS + "}",
    "cost": "{jobs(first:200){edges{node{" + "artifacts{files{path sha256}} " * 60 + "}}}}",
    "introspection in circles": (
        "{__schema" + "{types{fields{type" * 9 + "{name}" + "}}}" * 9 + "}"
    ),
    "a circle of fragments": "{...A} fragment A on Query {...B} fragment B on Query {...A}",
    "fragments that double sixty times": bomb(),
}
CIRCLES = ("introspection in circles", "a circle of fragments")
SAID = {
    "tokens": "more than 3000 tokens",
    "directives": "more than 3000 tokens",
    "introspection in circles": "introspection depth",
    "a circle of fragments": "within itself",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_document_that_is_too_much_is_refused_at_once(api: Rig, shape: str) -> None:
    before = time.monotonic()
    body = api.ask(SHAPES[shape])
    assert time.monotonic() - before < 10
    assert SAID.get(shape, "too large") in body["errors"][0]["message"]
    wanted = "BAD_REQUEST" if shape in CIRCLES else "TOO_LARGE"
    assert body["errors"][0]["extensions"]["code"] == wanted
    assert not body.get("data")


def test_what_cannot_be_read_is_told_with_a_code(api: Rig) -> None:
    assert api.code("{version") == "BAD_REQUEST"


def test_a_batch_that_is_too_long_is_refused_and_noted(api: Rig, noted: Noted) -> None:
    headers = {"authorization": f"Bearer {api.owner.token}"}
    batch = [{"query": "{version}"}] * (MAX_BATCH + 1)
    assert api.post(batch, headers).status_code == 400
    assert f"user:{api.owner.user}" in noted("POST /graphql")


def test_who_sent_a_document_that_is_too_much_is_noted(api: Rig, noted: Noted) -> None:
    api.ask(SHAPES["aliases in a fragment, spread often"])
    assert noted("TOO_LARGE") == (
        f"TOO_LARGE: user:{api.owner.user} asked for a document from 127.0.0.1"
    )
