"""A team's secret and a job's token are where the job needs them on a cluster, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from application.commands.secrets import set_secret
from tests.acceptance.leaks import arguments, leaks
from tests.acceptance.slurm_site import NOWHERE, Site, slurm_site

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance, pytest.mark.slurm]
pytestmark.append(pytest.mark.xdist_group("slurm"))  # one cluster at a time

CANARY = "canary-5f1e0c7a9d"
RUN = """\
x='{{secret.CANARY}}'; echo "in the text ${#x}, in the environment ${#E}, by name ${#LAB_SECRET_CANARY}"
echo "printed $E"
until [ -e "$GATE" ]; do sleep 0.05; done
exit 3
"""


@pytest.fixture(scope="module")
def site(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with slurm_site(postgres, tmp_path_factory.mktemp("home")) as made:
        set_secret(made.parts.lab, made.me, name="CANARY", value=CANARY)
        made.connect("hpc")
        made.start("web")
        yield made


@pytest.mark.parametrize("way", ["push", "spool"])
@pytest.mark.parametrize("nodes", [1, 2])
def test_secrets_are_shown_to_nobody_but_the_job(
    site: Site, tmp_path: Path, way: str, nodes: int
) -> None:
    with_worker(site, way)
    gate = tmp_path / "gate"
    job = site.on(
        "hpc", RUN, resources=f"num_nodes: {nodes}", setup='"true {{secret.CANARY}}"',
        envs=f'{{GATE: {gate}, E: "{{{{secret.CANARY}}}}"}}',
    )  # fmt: skip
    canaries = [
        CANARY,
        site.parts.lab.credentials.job_token(job, 1, now=site.parts.lab.clock.now()),
        key_of(site),
    ]
    told: dict[str, str] = {}

    def shown() -> bool:
        told.update(leaks(arguments(), canaries))
        row = site.row(job)
        return all("printed ***" in site.texts(row, node=node) for node in range(nodes))

    site.until(job, lambda _: shown())
    n = len(CANARY)
    assert f"in the text {n}, in the environment {n}, by name {n}" in site.lines(site.row(job))
    slurm_id = site.slurm_id(job)
    told |= leaks(
        {
            "scontrol": site.slurm.run("scontrol", "show", "job", slurm_id),
            "script": site.slurm.run("scontrol", "write", "batch_script", slurm_id, "-"),
            "events": str(site.parts.queries.events(after=0, limit=10_000)),
            **arguments(),
        },
        canaries,
    )
    gate.touch()
    assert site.ended(job).exit_code == 3
    files = [*site.work.rglob("*"), *(site.slurm.root / "log").rglob("*"), *site.home.glob("*.log")]
    told |= leaks({str(p): p.read_text(errors="replace") for p in files if p.is_file()}, canaries)
    assert told == {}


def test_nothing_in_the_work_folder_is_for_others(site: Site) -> None:
    found = [path for path in site.work.rglob("*") if not path.is_symlink()]
    assert found
    assert [str(path) for path in found if path.stat().st_mode & 0o077 and not private(path)] == []


def with_worker(site: Site, way: str) -> None:
    if "worker" in site.running:
        site.kill("worker")
    site.start("worker", **({} if way == "push" else {"LAB_URL": NOWHERE}))


def private(path: Path) -> bool:
    """Whether a folder above shuts everybody else out."""
    return any(parent.stat().st_mode & 0o077 == 0 for parent in path.parents)


def key_of(site: Site) -> str:
    """A line of the private key that opens the login node."""
    return site.slurm.private_key.splitlines()[1]
