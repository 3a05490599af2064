"""kill -9 of the worker before, during and after sbatch: one Slurm job for each of ours, run once.

Every round kills a worker that is about to launch; the next one finds what the last left. At the end
an unharmed worker finishes them all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.cluster import wait_until
from tests.acceptance.slurm_site import Site, slurm_site

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance, pytest.mark.slurm]
pytestmark.append(pytest.mark.xdist_group("slurm"))  # one cluster at a time

POINTS = (
    "launch.claimed",
    "before job.submitted.v1",
    "slurm.submitted",
    "launch.submitted",
    "after job.submitted.v1",
    "launch.recorded",
)
ROUNDS = 3 if os.environ.get("LAB_LONG_TESTS") == "1" else 1
"""Of every point; the long run is twenty kills with the two below."""
GATED_SBATCH = """\
#!/bin/bash
[ "$GATE_AFTER" != 1 ] || said=$(PATH=${{PATH#*:}} sbatch "$@") || exit
touch {gate}/reached
until [ -e {gate}/open ]; do sleep 0.05; done
[ "$GATE_AFTER" = 1 ] || exec env PATH="${{PATH#*:}}" sbatch "$@"
printf '%s\\n' "$said"
"""


@pytest.fixture(scope="module")
def site(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with slurm_site(postgres, tmp_path_factory.mktemp("home")) as made:
        yield made


def queue(site: Site, provider: str, name: str) -> str:
    return site.on(provider, f"echo ran >> {site.home}/ran-{name}")


def assert_ran_once(site: Site, name: str, job: str) -> None:
    row = site.ended(job)
    assert (row.status, row.exit_code, row.attempt) == ("COMPLETE", 0, 1)
    assert (site.home / f"ran-{name}").read_text() == "ran\n"
    assert len(site.slurm_ids(job)) == 1, site.topics(job)
    assert site.topics(job).count("job.submitted.v1") == 1


def test_a_worker_killed_around_sbatch_leaves_one_slurm_job_for_each_of_ours(site: Site) -> None:
    site.connect("hpc")
    jobs = {}
    for number in range(ROUNDS):
        for point in POINTS:
            name = f"{point.replace(' ', '-')}-{number}"
            jobs[name] = queue(site, "hpc", name)
            site.start("worker", failpoint=point)
            wait_until(lambda: site.died("worker"), tell=lambda p=point: f"never reached {p}")
            assert site.forget("worker") == -9
    site.start("worker")
    for name, job in jobs.items():
        assert_ran_once(site, name, job)
    site.kill("worker")
    site.nothing_queued()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_sbatch_that_outlives_its_worker_is_waited_for_and_adopted(
    site: Site, tmp_path: Path, moment: str
) -> None:
    """The login node finishes what a dead worker began: the next worker must not submit beside it."""
    sbatch = tmp_path / "sbatch"
    text = GATED_SBATCH.format(gate=tmp_path)
    sbatch.write_text(text.replace("$GATE_AFTER", str(int(moment == "after"))))
    sbatch.chmod(0o755)
    site.connect(moment, slurm_bin=str(tmp_path))
    job = queue(site, moment, moment)
    site.start("worker")
    wait_until((tmp_path / "reached").exists)
    site.kill("worker")
    site.start("worker")
    wait_until(lambda: waits_for_the_lock(site.work / moment))
    (tmp_path / "open").touch()
    assert_ran_once(site, moment, job)
    assert '"adopted":true' in str(site.facts(job))
    site.kill("worker")


def waits_for_the_lock(folder: Path) -> bool:
    """Whether some process waits for a submission of this provider to end."""
    lock = folder / ".lock"
    return lock.exists() and any(
        line.split()[1] == "->" and line.split()[6].endswith(f":{lock.stat().st_ino}")
        for line in Path("/proc/locks").read_text().splitlines()
    )
