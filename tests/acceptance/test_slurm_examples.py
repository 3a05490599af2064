"""The examples on Slurm, from a terminal: with a way back to the server, and over the shared disk alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.cluster import ROOT, wait_until
from tests.acceptance.person import Person
from tests.acceptance.slurm_site import NOWHERE, Site, slurm_site

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance, pytest.mark.slurm]
pytestmark.append(pytest.mark.xdist_group("slurm"))  # one cluster at a time

EPOCHS = 20
STEPS = (1797 - 360) // 64
WAYS = {"push": {}, "spool": {"LAB_URL": NOWHERE}}


@pytest.fixture(scope="module")
def person(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    with slurm_site(postgres, tmp_path_factory.mktemp("home")) as site:
        site.connect("hpc")
        site.start("web")
        yield Person(site, tmp_path_factory.mktemp("person"))


@pytest.fixture(params=list(WAYS))
def way(request: pytest.FixtureRequest, person: Person) -> Iterator[str]:
    """How the nodes' words get to the server."""
    person.site.start("worker", **WAYS[request.param])
    yield request.param
    person.site.kill("worker")


def run(person: Person, example: str, *options: str) -> str:
    folder = str(ROOT / "examples" / example)
    told = person.told("run", folder, "--provider", "hpc", "--experiment", "alpha", *options)
    return str(told["id"])


def test_the_examples_end_well_with_live_lines_metrics_and_a_whole_model(
    person: Person, way: str
) -> None:
    site = person.site
    assert isinstance(site, Site)
    training = run(person, "train-digits", "-p", f"epochs={EPOCHS}")
    meeting = run(person, "multi-node", "--num-nodes", "3")
    site.until(training, lambda r: r.status == "RUNNING" and site.lines(r), patience_s=120)
    row = site.ended(training, patience_s=120)
    assert (row.status, row.exit_code) == ("COMPLETE", 0)
    assert site.lines(row)[-1].startswith(f"epoch {EPOCHS}: loss ")
    curves = {c["name"]: c for c in person.told("job", "metrics", training)["curves"]}
    assert curves["train/loss"]["points"] == curves["eval/accuracy"]["points"] == EPOCHS * STEPS
    assert row.score is not None
    assert row.score["eval/accuracy"] > 0.9
    assert_model_is_whole(person, training, person.folder / way)
    met = site.ended(meeting)
    assert (met.status, met.score) == ("COMPLETE", {"ranks": 3.0})
    for rank in range(3):
        wait_until(lambda r=rank: f"rank {r}: all 3 ranks agree" in site.texts(met, node=r))
    site.nothing_queued()


def assert_model_is_whole(person: Person, job: str, into: Path) -> None:
    found = person.told("job", "artifacts", job)
    kinds = [artifact["kind"].lower() for artifact in found]
    assert (kinds.count("checkpoint"), kinds.count("model")) == (EPOCHS, 1)
    (model,) = [artifact for artifact in found if artifact["kind"].lower() == "model"]
    (path,) = person.told("job", "download", job, "--artifact", model["id"], "-o", str(into))
    content = (person.folder / path).read_bytes()
    assert hashlib.sha256(content).hexdigest() == model["files"][0]["sha256"]
    assert content.startswith(b"PK")  # numpy writes .npz as a zip archive
