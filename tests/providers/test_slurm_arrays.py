"""Many jobs at once become an array of Slurm, and each is still a job of its own: on a real cluster."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from domain.job_spec import FrozenFile
from domain.observations import Observation, Phase
from domain.resources import Resources
from providers.base import (
    Handle,
    JobRequest,
    NoCapacity,
    ProviderUnavailable,
    SubmissionRefused,
    Submitted,
)
from providers.slurm.provider import SlurmProvider
from tests.contracts.compute_provider import request
from tests.fakes.slurm_cluster import PATH, SlurmCluster, wait_for
from tests.providers.conftest import running_cluster
from tests.providers.test_slurm import changed, make

pytestmark = [pytest.mark.slurm, pytest.mark.xdist_group("slurm")]
LATER = "--begin=now+1hour"
WHOLE_NODE = Resources(cpus=8)
PURSE = 5

# In the place of sbatch: the script that ran it is killed at once, before or after the true sbatch.
DEADLY_SBATCH = """\
#!/bin/bash
{before}
kill -9 "$(ps -o ppid= -p "$PPID" | tr -d ' ')"
"""
# A site that lets nobody have more than five jobs; sbatch's own words for that.
STRICT_SBATCH = f"""\
#!/bin/bash
n=1
for word; do case $word in --array=0-*) n=$((${{word#--array=0-}} + 1)) ;; esac; done
if [ $(($(squeue --me -h -r | wc -l) + n)) -gt {PURSE} ]; then
    echo 'sbatch: error: AssocMaxSubmitJobLimit' >&2
    echo 'sbatch: error: Batch job submission failed: Job violates accounting/QOS policy' >&2
    exit 1
fi
exec {{sbatch}} "$@"
"""


@pytest.fixture
def provider(slurm: SlurmCluster) -> Iterator[SlurmProvider]:
    made = make(slurm)
    yield made
    slurm.run("scancel", "--user", slurm.user)
    wait_for(lambda: not slurm.run("squeue", "-h"), "an empty queue")
    made.link.close()


@pytest.fixture
def later(slurm: SlurmCluster, provider: SlurmProvider) -> Iterator[SlurmProvider]:
    """Its jobs wait for an hour."""
    made = make(slurm, flags=LATER)
    yield made
    made.link.close()


def handles(provider: SlurmProvider, asked: Sequence[JobRequest]) -> list[Handle]:
    outcomes = provider.submit_many(asked)
    assert [o for o in outcomes if not isinstance(o, Submitted)] == []
    return [outcome.handle for outcome in outcomes if isinstance(outcome, Submitted)]


def all_are(provider: SlurmProvider, those: Sequence[Handle], *phases: Phase) -> list[Observation]:
    seen: dict[Handle, Observation] = {}

    def good() -> bool:
        seen.update(provider.observe(those))
        return [h for h in those if h not in seen or seen[h].phase not in phases] == []

    wait_for(good, f"{phases}", limit_s=60)
    return [seen[handle] for handle in those]


def ids(slurm: SlurmCluster) -> list[str]:
    return sorted(slurm.run("squeue", "-h", "-r", "-o", "%i").split())


def own_sbatch(slurm: SlurmCluster, text: str, **more: str) -> SlurmProvider:
    """A provider on whose login node sbatch is another program."""
    folder = slurm.root / "bin"
    folder.mkdir(exist_ok=True)
    real = shutil.which("sbatch", path=PATH)
    (folder / "sbatch").write_text(text.replace("{sbatch}", str(real)))
    (folder / "sbatch").chmod(0o755)
    return make(slurm, slurm_bin=str(folder), **more)


def left(provider: SlurmProvider) -> set[str]:
    """Names of the folders of attempts and arrays."""
    work = Path(provider.settings.work_folder)
    return {p.name for kind in ("jobs", "arrays") for p in (work / kind).iterdir()}


def test_twenty_jobs_are_one_array_and_each_ends_with_its_own_exit_code(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    handles(provider, [request("true") for _ in range(2)])  # now the node wrapper is installed
    earlier, asked_before = ids(slurm), provider.link.asked
    those = handles(provider, [request(f"exit {n % 5}") for n in range(20)])
    assert provider.link.asked - asked_before == 1
    assert len({one.partition("_")[0] for one in ids(slurm) if one not in earlier}) == 1
    ends = [o.exit for o in all_are(provider, those, Phase.ENDED)]
    assert [end and end.code for end in ends] == [n % 5 for n in range(20)]


def test_each_of_an_array_has_its_own_secrets_and_all_share_their_files(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    content = b"print('placed ' + 'well')\n"
    file = FrozenFile(path="p.py", sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    run = 'python3 p.py; echo "len ${#TOKEN} array ${SLURM_ARRAY_TASK_ID-unset}"'
    asked = [
        msgspec.structs.replace(
            changed(request(run), envs={"TOKEN": "{{secret.T}}"}, secrets=("T",), files=(file,)),
            secrets={"T": "hunter2" + "!" * n},
        )
        for n in range(3)
    ]
    work = Path(provider.settings.work_folder)
    waiting = make(slurm, flags=LATER)
    handles(waiting, asked)
    bundles = [work / "jobs" / one.token / "0" / "bundle.json" for one in asked]
    holding = [p for p in work.rglob("*") if p.is_file() and b"hunter2" in p.read_bytes()]
    assert sorted(holding) == sorted(bundles)
    assert {p.stat().st_mode & 0o777 for p in bundles} == {0o600}
    (array,) = {line.split("_")[0] for line in ids(slurm)}
    slurm.run("scontrol", "update", f"jobid={array}", "starttime=now")
    all_are(waiting, [Handle(one.token) for one in asked], Phase.ENDED)
    for n, one in enumerate(asked):
        said = b"".join(c.body for c in waiting.spool(Handle(one.token), {}, limit=2**20))
        assert f'"m":"len {7 + n} array unset"'.encode() in said
    waiting.link.close()


def test_stopping_one_that_waits_and_one_that_runs_leaves_the_others(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    asked = [changed(request("sleep 60"), resources=WHOLE_NODE) for _ in range(6)]
    those = handles(provider, asked)
    running, waiting = those[:3], those[3:]
    all_are(provider, running, Phase.RUNNING)
    provider.stop(waiting[1], grace_s=1)
    all_are(provider, [waiting[1]], Phase.ENDED, Phase.GONE)
    assert len(ids(slurm)) == 5
    provider.stop(running[0], grace_s=1)
    (ended,) = all_are(provider, [running[0]], Phase.ENDED)
    assert ended.exit is not None
    assert ended.exit.signal == 15
    all_are(provider, [running[1], running[2], waiting[0]], Phase.RUNNING)
    (last,) = all_are(provider, [waiting[2]], Phase.PENDING)
    assert last.reason.startswith("Slurm: ")
    assert {x.token for x in provider.census()} == {*running[1:], waiting[0], waiting[2]}


def test_stopping_all_of_an_array_leaves_nothing_in_the_queue(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    asked = [changed(request("sleep 60"), resources=WHOLE_NODE) for _ in range(6)]
    those = handles(provider, asked)
    all_are(provider, those[:3], Phase.RUNNING)
    for handle in reversed(those):
        provider.stop(handle, grace_s=1)
    all_are(provider, those, Phase.ENDED, Phase.GONE)
    wait_for(lambda: not ids(slurm), "an empty queue")
    assert provider.census() == []


def test_the_last_of_an_array_takes_what_they_shared(provider: SlurmProvider) -> None:
    before = left(provider) if Path(provider.settings.work_folder, "arrays").exists() else set()
    those = handles(provider, [request("true") for _ in range(3)])
    all_are(provider, those, Phase.ENDED)
    assert provider.logs(those[1], after="").lines == ()
    wait_for(lambda: provider.census() == [], "an empty queue")
    provider.cleanup(those[0])
    assert len(left(provider) - before) == 3
    assert len(provider.observe(those)) == 2
    for handle in those:
        provider.cleanup(handle)
    assert left(provider) - before == set()


def test_another_process_adopts_an_array_and_each_ran_once(
    provider: SlurmProvider, slurm: SlurmCluster, tmp_path: Path
) -> None:
    asked = [request(f"echo ran >> {tmp_path}/{n}; sleep 1") for n in range(8)]
    handles(provider, asked)
    before = ids(slurm)
    fresh = make(slurm)
    assert [fresh.find(one.token) for one in asked] == [one.token for one in asked]
    others = [request("true") for _ in range(2)]
    those = handles(fresh, [*asked[4:], *others, *asked[:4]])
    assert len([one for one in ids(slurm) if one not in before]) <= len(others)
    ends = all_are(fresh, those, Phase.ENDED)
    assert [end.exit and end.exit.code for end in ends] == [0] * 10, ends
    assert [(tmp_path / str(n)).read_text() for n in range(8)] == ["ran\n"] * 8
    fresh.link.close()


@pytest.mark.parametrize("before", ["", '{sbatch} "$@"'], ids=["before sbatch", "after sbatch"])
def test_a_login_node_that_dies_around_sbatch_neither_loses_nor_repeats_a_job(
    provider: SlurmProvider, slurm: SlurmCluster, tmp_path: Path, before: str
) -> None:
    deadly = own_sbatch(slurm, DEADLY_SBATCH.replace("{before}", before))
    asked = [request(f"echo ran >> {tmp_path}/{n}") for n in range(4)]
    assert {type(outcome) for outcome in deadly.submit_many(asked)} == {ProviderUnavailable}
    deadly.link.close()
    found = [provider.find(one.token) for one in asked]
    assert found == ([one.token for one in asked] if before else [None] * 4)
    alone = provider.submit(asked[0])
    those = handles(provider, asked)
    assert alone.handle == those[0]
    all_are(provider, those, Phase.ENDED)
    assert [(tmp_path / str(n)).read_text() for n in range(4)] == ["ran\n"] * 4


def test_what_sbatch_refuses_is_told_for_each_and_leaves_nothing(slurm: SlurmCluster) -> None:
    refusing = make(slurm, flags="--reservation=nope", work_folder=f"{slurm.root}/shared/none")
    outcomes = refusing.submit_many([request("true") for _ in range(4)])
    assert {type(outcome) for outcome in outcomes} == {SubmissionRefused}
    assert "Requested reservation is invalid" in str(outcomes[3])
    assert left(refusing) == set()
    refusing.link.close()


def test_where_the_site_has_room_for_some_those_are_submitted(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    strict = own_sbatch(slurm, STRICT_SBATCH, flags=LATER)
    outcomes = strict.submit_many([request("true") for _ in range(4 * PURSE)])
    assert [type(outcome) for outcome in outcomes[:PURSE]] == [Submitted] * PURSE
    assert {type(outcome) for outcome in outcomes[PURSE:]} == {NoCapacity}
    assert len(ids(slurm)) == PURSE
    strict.link.close()


def test_five_hundred_that_wait_are_observed_in_two_questions_at_most(
    later: SlurmProvider,
) -> None:
    those = handles(later, [request("true") for _ in range(500)])
    before = later.link.asked
    seen = later.observe(those)
    assert later.link.asked - before <= 2
    assert set(seen) == set(those)
    assert {o.phase for o in seen.values()} == {Phase.PENDING}
    assert {o.reason.partition(" ")[0] for o in seen.values()} == {"Slurm:"}
    assert len(later.census()) == 500


def test_with_a_database_an_array_that_slurm_forgot_is_read_from_sacct() -> None:
    with running_cluster(database=True) as cluster:
        provider = make(cluster, account="lab")
        asked = [changed(request("exit 7"), resources=WHOLE_NODE) for _ in range(2)]
        asked += [changed(request("sleep 60"), resources=WHOLE_NODE) for _ in range(3)]
        those = handles(provider, asked)
        all_are(provider, those[2:4], Phase.RUNNING)
        cluster.run("scancel", "--user", cluster.user)
        all_are(provider, those, Phase.ENDED)
        cluster.forget()
        for handle in those[2:]:
            path = Path(provider.settings.work_folder, "jobs", handle, "0", "status.json")
            path.unlink(missing_ok=True)
        seen = provider.observe(those)
        assert [(seen[h].exit or seen[h].reason) and seen[h].phase for h in those] == [
            Phase.ENDED
        ] * 5
        assert [seen[h].exit.code for h in those[:2] if seen[h].exit] == [7, 7]
        assert {seen[h].reason.partition(" by")[0] for h in those[2:]} == {
            "The job was cancelled in Slurm"
        }
        provider.link.close()
