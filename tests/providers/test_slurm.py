"""Slurm keeps the contract of compute providers, on a real cluster reached over SSH."""

from __future__ import annotations

import getpass
import hashlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from domain.job_spec import FrozenFile, JobSpec
from domain.observations import FailureClass, Observation, Phase
from domain.resources import Resources
from providers.base import (
    CredentialsRejected,
    Handle,
    HostKeyRefused,
    JobRequest,
    ProviderUnavailable,
    SubmissionRefused,
)
from providers.slurm.provider import SlurmProvider
from providers.slurm.settings import read_settings
from providers.surroundings import Surroundings
from tests.contracts.compute_provider import ComputeProviderContract, request, wanting
from tests.fakes.slurm_cluster import SlurmCluster, wait_for
from tests.providers.conftest import running_cluster

pytestmark = [pytest.mark.slurm, pytest.mark.xdist_group("slurm")]
SDK = Path(__file__).resolve().parents[2]


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def make(
    cluster: SlurmCluster,
    clock: Callable[[], float] = time.monotonic,
    *,
    key: str = "",
    **more: object,
) -> SlurmProvider:
    settings: dict[str, object] = {
        "ssh_host": "127.0.0.1", "ssh_port": cluster.ssh_port, "ssh_user": cluster.user,
        "ssh_key": "CLUSTER_KEY", "host_key": cluster.host_key,
        "work_folder": f"{cluster.root}/shared/lab",
    }  # fmt: skip
    around = Surroundings(
        root=cluster.root,
        sdk=SDK,
        read_blob=lambda sha256: iter([b"print(", b"'placed ' + ", b"'well')\n"]),
        secret={"CLUSTER_KEY": key or cluster.private_key}.__getitem__,
    )
    return SlurmProvider(read_settings(settings | more), around, clock=clock)


@pytest.fixture
def provider(slurm: SlurmCluster) -> Iterator[SlurmProvider]:
    made = make(slurm)
    yield made
    slurm.run("scancel", "--user", slurm.user)
    wait_for(lambda: not slurm.run("squeue", "-h"), "an empty queue")
    made.link.close()


class TestSlurm(ComputeProviderContract):
    """Nothing more to say."""

    patience_s = 100.0


LOOK = TestSlurm()


def changed(asked: JobRequest, **spec: object) -> JobRequest:
    return msgspec.structs.replace(asked, spec=msgspec.structs.replace(asked.spec, **spec))


def running(provider: SlurmProvider, asked: JobRequest) -> Handle:
    handle = provider.submit(asked).handle
    LOOK.until(provider, handle, lambda o: o.phase is Phase.RUNNING)
    return handle


def job_id(provider: SlurmProvider, handle: Handle) -> str:
    return Path(provider.settings.work_folder, "jobs", handle, "job_id").read_text().strip()


def status_of(provider: SlurmProvider, handle: Handle) -> Path:
    return Path(provider.settings.work_folder, "jobs", handle, "0", "status.json")


def ended(provider: SlurmProvider, handle: Handle) -> Observation:
    return LOOK.ended(provider, handle)


def spooled(provider: SlurmProvider, handle: Handle) -> bytes:
    return b"".join(c.body for c in provider.spool(handle, {}, limit=2**20))


def test_an_invalid_partition_is_refused_and_told_with_those_there_are(slurm: SlurmCluster) -> None:
    provider = make(slurm, partition="nope")
    wait = provider.admit(JobSpec(name="c", run="true"))
    assert wait is not None
    assert wait.forever
    assert wait.text == "Slurm has no partition nope. It has: batch, spot, urgent."
    check = provider.check()
    assert [row for row in check.rows if not row[1]] == [("partition", False, wait.text)]


def test_what_sbatch_refuses_is_told_word_for_word_and_leaves_nothing(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    asked = request("true")
    with pytest.raises(SubmissionRefused) as refused:
        make(slurm, flags="--reservation=nope").submit(asked)
    assert "sbatch: error: Batch job submission failed: Requested reservation is invalid" in str(
        refused.value
    )
    assert provider.find(asked.token) is None
    assert not Path(provider.settings.work_folder, "jobs", asked.token).exists()


def test_an_impossible_gres_is_refused_with_what_the_nodes_have(provider: SlurmProvider) -> None:
    for kind, count in (("H100", 1), ("A100", 3)):
        wait = provider.admit(wanting(kind, count))
        assert wait is not None
        assert wait.forever
        assert "a node has at most: A100:2." in wait.text
        with pytest.raises(SubmissionRefused, match="A100:2"):
            provider.submit(changed(request("true"), resources=wanting(kind, count).resources))


@pytest.mark.parametrize(
    ("resources", "says"),
    [
        (Resources(num_nodes=9), "num_nodes is 9; the default partition has 3"),
        (Resources(cpus=64), "nodes of the default partition have up to 8"),
        (Resources(memory_gib=64), "up to 4"),
        (Resources(image="ubuntu"), "image is set"),
        (Resources(spot=True), "no spot_partition"),
    ],
)
def test_what_the_cluster_can_never_run_is_refused_with_what_it_has(
    provider: SlurmProvider, resources: Resources, says: str
) -> None:
    wait = provider.admit(JobSpec(name="c", run="true", resources=resources))
    assert wait is not None
    assert wait.forever
    assert says in wait.text


def test_accelerators_are_given_in_the_clusters_spelling_and_shown_to_the_job(
    provider: SlurmProvider,
) -> None:
    asked = changed(
        request("echo got=$CUDA_VISIBLE_DEVICES"), resources=wanting("a100", 2).resources
    )
    handle = provider.submit(asked).handle
    ended(provider, handle)
    assert b'"m":"got=0,1"' in spooled(provider, handle)


def test_a_job_that_waits_says_why(provider: SlurmProvider) -> None:
    whole = Resources(cpus=8, num_nodes=3)
    running(provider, changed(request("sleep 60"), resources=whole))
    second = provider.submit(changed(request("true"), resources=whole)).handle
    seen = LOOK.until(provider, second, lambda o: "Resources" in o.reason)
    assert seen.phase is Phase.PENDING
    assert seen.reason.startswith("Slurm: Resources.")


def test_stopping_what_waits_and_what_runs_leaves_nothing_in_the_queue(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    whole = Resources(cpus=8, num_nodes=3)
    first = running(provider, changed(request("sleep 60"), resources=whole))
    second = provider.submit(changed(request("sleep 60"), resources=whole)).handle
    for handle in (second, first):
        provider.stop(handle, grace_s=1)
        assert ended(provider, handle).phase is Phase.ENDED
    wait_for(lambda: not slurm.run("squeue", "-h"), "an empty queue")
    assert provider.census() == []


def test_a_job_that_an_outsider_cancels_says_so(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    handle = running(provider, request("sleep 60"))
    slurm.run("scancel", job_id(provider, handle))
    done = ended(provider, handle)
    assert done.phase is Phase.ENDED
    assert done.blame is FailureClass.CANCELLED
    assert done.reason == "The job was cancelled in Slurm."


def test_a_job_over_its_memory_is_out_of_memory(provider: SlurmProvider) -> None:
    hungry = "python3 -c 'import time; x = bytearray(400 * 2**20); time.sleep(60)'"
    asked = changed(request(hungry), resources=Resources(memory_gib=0.1))
    done = ended(provider, provider.submit(asked).handle)
    assert done.blame is FailureClass.OUT_OF_MEMORY
    assert done.exit is not None
    assert done.exit.out_of_memory


def test_a_job_over_its_slurm_time_limit_timed_out(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    handle = running(provider, request("sleep 300"))
    slurm.run("scontrol", "update", f"jobid={job_id(provider, handle)}", "timelimit=00:00")
    done = ended(provider, handle)
    assert done.blame is FailureClass.TIMEOUT
    assert done.reason == "The job reached its Slurm time limit."


def test_a_preempted_job_is_told_apart(slurm: SlurmCluster, provider: SlurmProvider) -> None:
    low = make(slurm, spot_partition="spot", flags="--exclusive")
    handle = running(low, changed(request("sleep 60"), resources=Resources(num_nodes=3, spot=True)))
    high = make(slurm, partition="urgent", flags="--exclusive")
    high.submit(changed(request("true"), resources=Resources(num_nodes=3)))
    assert ended(provider, handle).blame is FailureClass.PREEMPTED


def test_a_node_that_dies_is_a_lost_node(provider: SlurmProvider, slurm: SlurmCluster) -> None:
    pinned = make(slurm, flags="--nodelist=n3")
    handle = running(pinned, request("sleep 300"))
    slurm.kill_node("n3")
    try:
        done = ended(provider, handle)
        assert done.blame is FailureClass.NODE_LOST
        assert done.reason == "A node of the job failed."
    finally:
        slurm.start_node("n3")
        wait_for(slurm.is_idle, "idle nodes", limit_s=60)


def test_three_nodes_meet_and_agree_with_no_server_in_reach(provider: SlurmProvider) -> None:
    program = (SDK / "examples" / "multi-node" / "rendezvous.py").read_text()
    run = f"cat > r.py <<'EOF'\n{program}\nEOF\npython3 r.py"
    handle = provider.submit(changed(request(run), resources=Resources(num_nodes=3))).handle
    done = ended(provider, handle)
    assert done.exit is not None
    assert done.exit.code == 0, (done, provider.logs(handle, after="").lines)
    chunks = provider.spool(handle, {}, limit=2**20)
    text = b"".join(c.body for c in chunks)
    assert {c.node for c in chunks} == {0, 1, 2}
    assert all(f"rank {rank}: all 3 ranks agree".encode() in text for rank in range(3))


def test_a_node_that_fails_ends_the_others_and_its_exit_counts(provider: SlurmProvider) -> None:
    asked = changed(
        request("test $NODE_RANK != 1 || exit 3; sleep 300"), resources=Resources(num_nodes=3)
    )
    done = ended(provider, provider.submit(asked).handle)
    assert done.exit is not None
    assert done.exit.code == 3


def test_stopping_three_nodes_reaches_each(provider: SlurmProvider) -> None:
    handle = running(provider, changed(request("sleep 300"), resources=Resources(num_nodes=3)))
    wait_for(lambda: spooled(provider, handle).count(b'"phase":"run"') == 3, "three running nodes")
    provider.stop(handle, grace_s=2)
    done = ended(provider, handle)
    assert done.exit is not None
    assert done.exit.signal == 15


def test_a_node_without_a_server_in_reach_ends_when_its_spool_was_collected(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    asked = msgspec.structs.replace(request("echo hello"), server_url="http://127.0.0.1:9")
    handle = provider.submit(asked).handle
    assert ended(provider, handle).exit is not None
    offsets: dict[tuple[int, str], int] = {}
    body = b""

    def all_collected() -> bool:
        nonlocal body
        for chunk in provider.spool(handle, offsets, limit=200):
            body += chunk.body
            offsets[chunk.node, chunk.stream] = chunk.offset + len(chunk.body)
        return not slurm.run("squeue", "-h")

    wait_for(all_collected, "the end of the lingering wrapper")
    assert body.count(b'"m":"hello"') == 1
    assert body.count(b'"phase":"ended"') == 1


def test_what_a_job_saved_is_fetched_from_the_shared_folder(provider: SlurmProvider) -> None:
    run = (
        "python3 -c \"import lab; open('w.bin', 'w').write('weights'); lab.save_artifact('w.bin')\""
    )
    handle = provider.submit(request(run)).handle
    assert ended(provider, handle).exit is not None
    sha256 = hashlib.sha256(b"weights").hexdigest()
    assert sha256.encode() in spooled(provider, handle)
    assert provider.spooled_blob(handle, sha256) == b"weights"
    assert provider.spooled_blob(handle, "0" * 64) is None


def test_files_are_placed_and_secrets_are_nowhere_but_in_the_job(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    content = b"print('placed ' + 'well')\n"
    sha256 = hashlib.sha256(content).hexdigest()
    asked = changed(
        request('python3 placed.py; echo "len ${#TOKEN}"; sleep 60'),
        envs={"TOKEN": "{{secret.T}}"},
        secrets=("T",),
        files=(FrozenFile(path="placed.py", sha256=sha256, size=len(content)),),
    )
    asked = msgspec.structs.replace(asked, secrets={"T": "hunter2hunter2"})
    handle = running(provider, asked)
    wait_for(lambda: b'"m":"len 14"' in spooled(provider, handle), "the job's line")
    assert b'"m":"placed well"' in spooled(provider, handle)
    told = slurm.run("scontrol", "show", "job", "-o") + slurm.run("ps", "axww", "-o", "args")
    told += slurm.run("scontrol", "write", "batch_script", job_id(provider, handle), "-")
    assert asked.token in told
    assert "hunter2" not in told
    shared = Path(provider.settings.work_folder)
    files = [p for p in shared.rglob("*") if p.is_file()]
    assert [p for p in files if b"hunter2" in p.read_bytes()] == []
    assert [p for p in (shared / "jobs").iterdir() if p.stat().st_mode & 0o077] == []


def test_a_job_that_slurm_forgot_is_read_from_its_folder_or_gone(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    kept, lost = (provider.submit(request("exit 7")).handle for _ in range(2))
    assert [ended(provider, handle).phase for handle in (kept, lost)] == [Phase.ENDED] * 2
    slurm.forget()
    status_of(provider, lost).unlink()
    seen = provider.observe([kept, lost])
    assert seen[kept].exit is not None
    assert seen[kept].exit.code == 7
    assert seen[lost].phase is Phase.GONE
    assert provider.find(kept) == kept


def test_with_a_database_the_end_of_a_forgotten_job_is_read_from_sacct() -> None:
    with running_cluster(database=True) as cluster:
        provider = make(cluster, account="lab")
        handle = provider.submit(request("exit 7")).handle
        other = running(provider, request("sleep 60"))
        cluster.run("scancel", job_id(provider, other))
        assert ended(provider, handle).blame is None
        by = getpass.getuser()
        assert ended(provider, other).blame is FailureClass.CANCELLED
        told = f"The job was cancelled in Slurm by {by}."
        wait_for(lambda: ended(provider, other).reason == told, "who it was")
        cluster.forget()
        status_of(provider, other).unlink()
        seen = provider.observe([handle, other])
        assert seen[other].phase is Phase.ENDED
        assert seen[other].reason == told
        assert [row for row in provider.check().rows if row[0] == "accounting"] == [
            ("accounting", True, "sacct answers")
        ]
        provider.link.close()


def test_an_unknown_or_changed_host_key_is_refused_and_shown(slurm: SlurmCluster) -> None:
    for pinned, says in (("", "Compare it"), ("SHA256:" + "A" * 43, "has changed")):
        provider = make(slurm, host_key=pinned)
        with pytest.raises(HostKeyRefused) as refused:
            provider.census()
        assert slurm.host_key in str(refused.value)
        assert says in str(refused.value)
        assert [ok for _, ok, _ in provider.check().rows] == [False]


def test_a_key_that_is_missing_or_not_allowed_is_named(slurm: SlurmCluster, tmp_path: Path) -> None:
    with pytest.raises(CredentialsRejected, match="no team secret 'OTHER'"):
        make(slurm, ssh_key="OTHER").census()
    stranger = tmp_path / "key"
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(stranger)]
    subprocess.run(argv, check=True)
    with pytest.raises(CredentialsRejected, match=r"does not let .* in with the key in ssh_key"):
        make(slurm, key=stranger.read_text()).census()


def test_a_login_node_that_comes_back_is_used_again_after_the_back_off(slurm: SlurmCluster) -> None:
    clock = Clock()
    provider = make(slurm, clock=clock)
    assert provider.census() == []
    slurm.end("sshd")
    provider.link.close()
    try:
        for _ in range(2):
            with pytest.raises(ProviderUnavailable, match="does not answer"):
                provider.census()
    finally:
        slurm.start_sshd()
    with pytest.raises(ProviderUnavailable) as waiting:
        provider.census()
    assert waiting.value.retry_after_s == 1.0
    clock.now += 1
    assert provider.census() == []


def test_a_controller_that_is_away_tells_nothing_of_jobs(
    slurm: SlurmCluster, provider: SlurmProvider
) -> None:
    handle = running(provider, request("sleep 60"))
    slurm.end("slurmctld")
    try:
        with pytest.raises(ProviderUnavailable, match="Slurm does not answer"):
            provider.observe([handle])
        with pytest.raises(ProviderUnavailable):
            provider.find(handle)
    finally:
        slurm.start_controller()
    assert provider.observe([handle])[handle].phase is Phase.RUNNING


def test_where_nothing_was_ever_submitted_nothing_is_found(slurm: SlurmCluster) -> None:
    provider = make(slurm, work_folder=f"{slurm.root}/shared/fresh")
    assert provider.census() == []
    assert provider.find("f" * 20) is None
    provider.link.close()


def test_offers_name_partition_accelerator_and_free_nodes(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    wait_for(slurm.is_idle, "idle nodes")
    batch = next(o for o in provider.offers() if o.name == "batch, A100:2")
    assert (batch.accelerator, batch.accelerator_count, batch.cpus) == ("A100", 2, 8.0)
    assert batch.available == 3
