"""Every way a job on Slurm can end, through the whole system: status, class, code and a sentence.

The first endings happen side by side; each test waits for its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from application.commands.jobs import stop_job
from application.queries import Reads
from domain.reasons import ReasonCode
from providers.base import SubmissionRefused
from tests.acceptance.slurm_site import Site, slurm_site

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance, pytest.mark.slurm]
pytestmark.append(pytest.mark.xdist_group("slurm"))  # one cluster at a time

LATE_RANK = "test $NODE_RANK = 1 || exit 0; sleep 2; exit 5"
SLEEPS = "echo up; sleep 300"
HUNGRY = "python3 -c 'import time; x = bytearray(400 * 2**20); time.sleep(300)'"
TRAINS = """\
cat > t.py <<'END'
import pathlib, time, lab
lab.init()
found = lab.latest_checkpoint()
if found:
    lab.log("goes on from " + (pathlib.Path(found) / "state.txt").read_text())
    raise SystemExit(0)
pathlib.Path("state.txt").write_text("step 7")
lab.save_checkpoint("state.txt", step=7)
time.sleep(300)
END
python3 t.py
"""
COUNTS_TERMS = """\
cat > c.py <<'END'
import os, pathlib, signal, time
terms = []
signal.signal(signal.SIGTERM, lambda *_: terms.append(time.monotonic()))
print("ready", flush=True)
while not terms or time.monotonic() < terms[0] + 1.5:
    time.sleep(0.01)
pathlib.Path(os.environ["OUT"] + os.environ.get("NODE_RANK", "0")).write_text(str(len(terms)))
END
exec python3 c.py
"""
STALE_GREP = """\
#!/bin/bash
PATH="${{PATH#*:}}"
[ -e {flag} ] || exec grep "$@"
grep "$@" | sed '/status.json/s/"ended"/"run"/'
exit "${{PIPESTATUS[0]}}"
"""
AGAIN = "{platform: 1, backoff: 1s}"
ONCE = "{platform: 0}"


@pytest.fixture(scope="module")
def site(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with slurm_site(postgres, tmp_path_factory.mktemp("home"), nodes=4) as made:
        slow = made.slurm.root / "slow-python"
        slow.write_text('#!/bin/bash\nsleep 8\nexec python3 "$@"\n')  # a node that is slow to begin
        slow.chmod(0o755)
        made.connect("hpc", flags="--exclude=n4")
        made.connect("near", flags="--exclude=n3,n4")  # far from the node that is killed
        made.connect("n3", flags="--nodelist=n3")
        # On a node of its own: any partition of a higher tier would preempt it.
        made.connect("spot", flags="--nodelist=n4 --exclusive", spot_partition="spot")
        made.connect("urgent", flags="--nodelist=n4 --exclusive", partition="urgent")
        made.connect("slow", python=str(slow), flags="--exclude=n4")
        made.connect("reserved", flags="--reservation=nope")
        made.start("web")
        made.start("worker")
        yield made


@pytest.fixture(scope="module")
def jobs(site: Site) -> dict[str, str]:
    queued = {
        "good": site.on("near", "echo one"),
        "bad": site.on("near", "echo two; exit 7"),
        "hungry": site.on("near", HUNGRY, resources="memory: 100MB"),
        "ranks": site.on("near", LATE_RANK, resources="num_nodes: 2"),
        "limit": site.on("near", SLEEPS),
        "cancelled": site.on("near", SLEEPS),
        "refused": site.on("reserved", "true"),
        "preempted": site.on("spot", TRAINS, resources="use_spot: true", retries=AGAIN),
        "lost": site.on("n3", SLEEPS, retries=ONCE),
    }
    for name in ("limit", "cancelled", "lost"):
        site.says(queued[name], "up")
    slurm_id = site.slurm_id(queued["limit"])
    site.slurm.run("scontrol", "update", f"jobid={slurm_id}", "timelimit=00:00")
    site.slurm.run("scancel", site.slurm_id(queued["cancelled"]))
    site.slurm.kill_node("n3")
    return queued


def test_exit_codes_are_the_commands_own(site: Site, jobs: dict[str, str]) -> None:
    good = site.ended(jobs["good"])
    assert (good.status, good.exit_code, site.lines(good)) == ("COMPLETE", 0, ["one"])
    bad = site.ended(jobs["bad"])
    assert (bad.status, bad.blame, bad.exit_code) == ("FAILED", "user_code", 7)
    assert bad.reason == "The command ended with exit code 7."
    assert site.lines(bad) == ["two"]


def test_a_job_on_two_nodes_is_not_over_before_both_are(site: Site, jobs: dict[str, str]) -> None:
    row = site.ended(jobs["ranks"])
    assert (row.status, row.blame, row.exit_code) == ("FAILED", "user_code", 5)


def test_more_memory_than_asked_for_is_out_of_memory(site: Site, jobs: dict[str, str]) -> None:
    row = site.ended(jobs["hungry"])
    assert (row.status, row.blame) == ("FAILED", "out_of_memory")
    assert "more memory than" in (row.reason or "")


def test_slurms_time_limit_is_a_timeout(site: Site, jobs: dict[str, str]) -> None:
    row = site.ended(jobs["limit"])
    assert (row.status, row.blame) == ("FAILED", "timeout")
    assert row.reason == "The job reached its Slurm time limit."


def test_what_an_outsider_cancels_is_not_told_as_the_commands_own_end(
    site: Site, jobs: dict[str, str]
) -> None:
    row = site.ended(jobs["cancelled"])
    assert row.status == "FAILED"
    assert "cancelled in Slurm" in (row.reason or "")


def test_what_sbatch_refuses_fails_with_its_words(site: Site, jobs: dict[str, str]) -> None:
    row = site.ended(jobs["refused"])
    assert (row.status, row.blame) == ("FAILED", "provider")
    assert "Requested reservation is invalid" in (row.reason or "")


def test_a_partition_or_accelerator_that_is_not_there_is_refused_before_it_is_queued(
    site: Site,
) -> None:
    site.connect("nowhere", partition="nope")
    with pytest.raises(SubmissionRefused, match=r"no partition nope\. It has: batch, spot, urgent"):
        site.on("nowhere", "true")
    with pytest.raises(SubmissionRefused, match="a node has at most: A100:2"):
        site.on("hpc", "true", resources="accelerators: H100:1")


def test_a_preempted_job_goes_on_from_its_checkpoint(site: Site, jobs: dict[str, str]) -> None:
    job = jobs["preempted"]
    site.until(job, lambda _: site.parts.queries.latest_checkpoint(job))
    urgent = site.on("urgent", "true")
    row = site.ended(job)
    assert (row.status, row.attempt) == ("COMPLETE", 2)
    assert site.lines(row) == ["goes on from step 7"]
    (fault,) = [e for e in site.facts(job) if e.topic == "job.attempt_failed.v1"]
    told = json.loads(fault.state)
    assert (told["blame"], told["reason"]) == ("preempted", "Slurm preempted the job.")
    assert site.ended(urgent).status == "COMPLETE"


def test_a_node_that_dies_is_node_lost(site: Site, jobs: dict[str, str]) -> None:
    row = site.ended(jobs["lost"])
    assert (row.status, row.blame) == ("FAILED", "node_lost")
    assert row.reason == "A node of the job failed."
    site.slurm.start_node("n3")


def test_an_end_whose_file_shows_up_late_is_waited_for(site: Site, tmp_path: Path) -> None:
    """A network disk shows another machine's files up to a minute late: nfs(5)."""
    flag, grep = tmp_path / "late", tmp_path / "grep"
    grep.write_text(STALE_GREP.format(flag=flag))
    grep.chmod(0o755)
    flag.touch()
    site.connect("late", slurm_bin=str(tmp_path))
    job = site.on("late", "ulimit -c 0; echo up; kill -SEGV $$", retries=AGAIN)
    site.until(job, lambda row: row.unseen_since)
    told = site.slurm.run("squeue", "-h", "-t", "all", "-o", "%T", "-j", site.slurm_id(job))
    assert (told, site.row(job).status) == ("FAILED", "RUNNING")
    flag.unlink()
    row = site.ended(job)
    assert (row.status, row.blame, row.signal) == ("FAILED", "user_code", 11)


def test_a_job_that_waits_for_full_nodes_says_so_and_is_stopped(site: Site) -> None:
    whole = "cpus: 8, num_nodes: 3"
    first = site.on("hpc", SLEEPS, resources=whole)
    site.says(first, "up")
    second = site.on("hpc", SLEEPS, resources=whole)
    row = site.until(second, lambda r: "Resources" in (r.wait_text or ""))
    assert (row.status, row.wait_text) == ("LAUNCHING", "Slurm: Resources.")
    reads = Reads(site.parts.lab, site.parts.queries, site.parts.telemetry)
    reason = reads.reason(site.me, row)
    assert (reason.code, reason.evidence) == (ReasonCode.PROVIDER_QUEUE, {"slurm": "Resources"})
    assert "starts when nodes are free" in reason.help[0]
    for job in (second, first):
        stop_job(site.parts.lab, site.me, job)
        assert site.ended(job).status == "STOPPED"
    site.nothing_queued()


def test_a_job_is_stopped_before_its_node_has_begun_and_during_setup(site: Site) -> None:
    slow = site.on("slow", "echo ran")
    in_setup = site.on("hpc", "echo ran", setup="echo preparing; sleep 300")
    site.says(in_setup, "preparing")
    state = ["squeue", "-h", "-o", "%T", "-j"]
    site.until(slow, lambda _: site.slurm.run(*state, site.slurm_id(slow)) == "RUNNING")
    for job in (slow, in_setup):
        stop_job(site.parts.lab, site.me, job)
    for job in (slow, in_setup):
        row = site.ended(job)
        assert (row.status, "ran" in site.lines(row)) == ("STOPPED", False)
    site.nothing_queued()


@pytest.mark.parametrize("nodes", [1, 3])
def test_a_stop_reaches_the_users_process_on_every_node_once(
    site: Site, tmp_path: Path, nodes: int
) -> None:
    job = site.on(
        "hpc", COUNTS_TERMS, resources=f"num_nodes: {nodes}", envs=f"{{OUT: {tmp_path}/terms-}}"
    )
    for node in range(nodes):
        site.says(job, "ready", node=node)
    stop_job(site.parts.lab, site.me, job)
    assert site.ended(job).status == "STOPPED"
    site.nothing_queued()
    counted = {path.name: path.read_text() for path in tmp_path.glob("terms-*")}
    assert counted == {f"terms-{node}": "1" for node in range(nodes)}
