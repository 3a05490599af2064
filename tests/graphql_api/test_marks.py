"""Tags, favourites, hidden jobs, orders, kept views and notes in the API."""

from __future__ import annotations

import pytest

from application.commands.members import add_member
from domain.teams import Role
from tests.graphql_api.rig import Rig

pytestmark = pytest.mark.postgres

LIST = """query($m: JobMarked, $s: JobSort! = QUEUED, $d: Boolean! = true, $a: String, $n: Int! = 50) {
  jobs(first: $n, after: $a, marked: $m, sort: $s, descending: $d) {
    edges { node { id name marks { tags hidden starred } } } pageInfo { endCursor hasNextPage } } }"""


def ids(api: Rig, **given: object) -> list[str]:
    return [edge["node"]["id"] for edge in api.data(LIST, **given)["jobs"]["edges"]]


def test_a_tag_is_everybodys_and_a_star_is_ones_own(api: Rig) -> None:
    one, two = api.queue("t1"), api.queue("t2")
    for label in ("paper", "paper", "baseline"):
        api.data(
            "mutation($i: ID!, $l: String!) { tagJob(id: $i, label: $l) { position } }",
            i=one,
            l=label,
        )
    api.data("mutation($i: ID!) { starJob(id: $i) { position } }", i=two)
    assert ids(api, m={"tag": "paper"}) == [one]
    assert ids(api, m={"starred": True}) == [two]
    bob = api.account("bob@marks.example", "bobs")
    add_member(api.lab, api.owner.actor, email="bob@marks.example", role=Role.MEMBER)
    api.settle()
    headers = {"authorization": f"Bearer {bob.token}", "x-lab-team": api.owner.team}
    asked = {"query": LIST, "variables": {"m": {"tag": "paper"}}}
    marks = api.post(asked, headers).json()["data"]["jobs"]["edges"][0]["node"]["marks"]
    assert marks == {"tags": ["baseline", "paper"], "hidden": False, "starred": False}
    asked = {"query": LIST, "variables": {"m": {"starred": True}}}
    assert api.post(asked, headers).json()["data"]["jobs"]["edges"] == []
    tags = api.data("{ jobTags { label jobs } }")["jobTags"]
    assert {"label": "paper", "jobs": 1} in tags
    assert (
        api.code('mutation($i: ID!) { tagJob(id: $i, label: "<b>") { position } }', i=one)
        == "INVALID_INPUT"
    )


def test_a_hidden_job_is_listed_only_where_hidden_ones_are(api: Rig) -> None:
    job = api.queue("h1")
    api.data("mutation($i: ID!) { hideJob(id: $i) { position } }", i=job)
    assert job not in ids(api)
    assert ids(api, m={"hidden": True}) == [job]
    api.data("mutation($i: ID!) { unhideJob(id: $i) { position } }", i=job)
    assert job in ids(api)


@pytest.mark.parametrize("sort", ["QUEUED", "NAME", "USED", "COST"])
@pytest.mark.parametrize("descending", [True, False])
def test_pages_in_every_order_show_each_job_once(api: Rig, sort: str, descending: bool) -> None:
    for n in range(3):
        api.queue(f"{sort}{descending}{n}")
    whole = ids(api, s=sort, d=descending, n=200)
    paged: list[str] = []
    after = None
    while True:
        page = api.data(LIST, s=sort, d=descending, n=2, a=after)["jobs"]
        paged += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert paged == whole
    assert len(set(paged)) == len(paged)
    other = "COST" if sort in ("QUEUED", "NAME") else "NAME"
    assert api.code(LIST, s=other, a=after, n=2) == "INVALID_INPUT"


def test_a_view_is_kept_replaced_and_forgotten(api: Rig) -> None:
    save = (
        'mutation($q: String!) { saveView(page: "jobs", name: "failed", query: $q) { position } }'
    )
    api.data(save, q="status=FAILED")
    api.data(save, q="status=FAILED&sort=cost")
    shown = '{ views(page: "jobs") { name query } }'
    assert api.data(shown)["views"] == [{"name": "failed", "query": "status=FAILED&sort=cost"}]
    api.data('mutation { deleteView(page: "jobs", name: "failed") { position } }')
    assert api.data(shown)["views"] == []
    assert (
        api.code('mutation { saveView(page: "x", name: "y", query: "") { position } }')
        == "INVALID_INPUT"
    )


def test_notes_have_a_history_and_are_not_overwritten_unseen(api: Rig) -> None:
    home = next(e["id"] for e in api.data("{ experiments { id name } }")["experiments"])
    note = "mutation($i: ID!, $t: String!, $o: String) { noteExperiment(id: $i, text: $t, insteadOf: $o) { position } }"
    api.data(note, i=home, t="# one")
    assert api.code(note, i=home, t="# mine", o="") == "CONFLICT"
    api.data(note, i=home, t="# two", o="# one")
    api.data('mutation($i: ID!) { describeExperiment(id: $i, text: "about") { position } }', i=home)
    api.data(
        'mutation($i: ID!) { chooseScore(id: $i, name: "acc", lowerIsBetter: true) { position } }',
        i=home,
    )
    asked = "query($i: ID!) { experimentNotes(experiment: $i) { text description score lowerIsBetter } }"
    found = api.data(asked, i=home)
    assert found["experimentNotes"] == {
        "text": "# two", "description": "about", "score": "acc", "lowerIsBetter": True,
    }  # fmt: skip
    history = api.data("query($i: ID!) { notesHistory(experiment: $i) { number text } }", i=home)
    assert [row["text"] for row in history["notesHistory"]] == ["# two", "# one"]


def test_a_document_is_attached_downloaded_and_removed(api: Rig) -> None:
    home = next(e["id"] for e in api.data("{ experiments { id name } }")["experiments"])
    headers = {"authorization": f"Bearer {api.owner.token}"}
    sha = api.client.post("/api/files", content=b"a paper", headers=headers).json()["sha256"]
    attach = """mutation($i: ID!, $s: String!) {
      attachDocument(id: $i, path: "paper.txt", sha256: $s, size: 7) { position } }"""
    assert api.code(attach, i=home, s="0" * 64) == "INVALID_INPUT"
    api.data(attach, i=home, s=sha)
    path = f"/api/experiments/{home}/documents/paper.txt"
    got = api.client.get(path, headers=headers)
    assert (got.content, got.headers["content-disposition"].split(";")[0]) == (
        b"a paper",
        "attachment",
    )
    other = api.account("eve@marks.example", "eves")
    assert (
        api.client.get(path, headers={"authorization": f"Bearer {other.token}"}).status_code == 404
    )
    api.data('mutation($i: ID!) { removeDocument(id: $i, path: "paper.txt") { position } }', i=home)
    assert api.client.get(path, headers=headers).status_code == 404
