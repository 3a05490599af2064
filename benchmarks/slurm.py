"""What Slurm costs through us, on a real cluster on loopback: ``python -m benchmarks.slurm``.

The jobs wait for an hour, so that what is measured is asking and not running. The floors are Slurm's
own commands beside the product, without SSH. Not here: the network between a server and a cluster.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from benchmarks.result import Row, row, show
from domain.job_spec import JobSpec
from providers.base import Handle, JobRequest, Submitted
from providers.slurm.provider import SlurmProvider
from providers.slurm.settings import read_settings
from providers.surroundings import Surroundings
from tests.fakes.slurm_cluster import SlurmCluster

JOBS = 500
LATER = "--begin=now+1hour"
_numbers = count(1)


def rows(*, quick: bool = False) -> list[Row]:
    with _cluster() as cluster:
        provider = _provider(cluster)
        provider.submit(_request())  # warm: connected, the node wrapper installed
        found = _one(cluster, provider, times=10 if quick else 50)
        found += _many(cluster, provider)
        provider.link.close()
    return found


def _one(cluster: SlurmCluster, provider: SlurmProvider, *, times: int) -> list[Row]:
    ours, bare = [], []
    for _ in range(times):
        begun = time.perf_counter()
        provider.submit(_request())
        ours.append(_ms_since(begun))
        begun = time.perf_counter()
        _sbatch(cluster)
        bare.append(_ms_since(begun))
    name = "submit to the Slurm job id, warm, "
    ninth = [statistics.quantiles(taken, n=10)[-1] for taken in (ours, bare)]
    half = [statistics.median(taken) for taken in (ours, bare)]
    return [
        row(f"{name}p50 (ms)", half[0], floor=half[1], budget="< 100 ms more"),
        row(f"{name}p90 (ms)", ninth[0], floor=ninth[1], budget="none"),
    ]


def _many(cluster: SlurmCluster, provider: SlurmProvider) -> list[Row]:
    requests = [_request() for _ in range(JOBS)]
    begun = time.perf_counter()
    outcomes = provider.submit_many(requests)
    submitted = _ms_since(begun)
    handles = [outcome.handle for outcome in outcomes if isinstance(outcome, Submitted)]
    assert len(handles) == JOBS, outcomes[0]
    begun = time.perf_counter()
    _sbatch(cluster, f"--array=0-{JOBS - 1}")
    floor = _ms_since(begun)
    return [
        row(f"{JOBS} jobs submitted as arrays (ms)", submitted, floor=floor, budget="< 10,000 ms"),
        *_look(cluster, provider, handles),
    ]


def _look(cluster: SlurmCluster, provider: SlurmProvider, handles: list[Handle]) -> list[Row]:
    asked, cpu, begun = provider.link.asked, time.process_time(), time.perf_counter()
    seen = provider.observe(handles)
    wall, cpu, asked = _ms_since(begun), time.process_time() - cpu, provider.link.asked - asked
    assert len(seen) == len(handles)
    before, begun = _children_s(), time.perf_counter()
    cluster.run("squeue", "--me", "-h", "-r")
    bare = _ms_since(begun)
    name = f"a look at {len(handles)} queued, "
    return [
        row(f"{name}questions over SSH", asked, floor=1, budget="< 3"),
        row(
            f"{name}our CPU (ms)", 1000 * cpu,
            floor=1000 * (_children_s() - before), budget="< 1,000 ms",
        ),
        row(f"{name}wall (ms)", wall, floor=bare, budget="none"),
    ]  # fmt: skip


def _request() -> JobRequest:
    number = next(_numbers)
    return JobRequest(
        job=f"job_{number}",
        attempt=1,
        token=f"{number:020x}",
        spec=JobSpec(name="bench", run="python3 train.py"),
        job_token="",
        server_url="",
    )


def _provider(cluster: SlurmCluster) -> SlurmProvider:
    settings: dict[str, object] = {
        "ssh_host": "127.0.0.1", "ssh_port": cluster.ssh_port, "ssh_user": cluster.user,
        "ssh_key": "KEY", "host_key": cluster.host_key, "flags": LATER,
        "work_folder": f"{cluster.root}/shared/lab",
    }  # fmt: skip
    around = Surroundings(
        root=cluster.root,
        sdk=Path(__file__).resolve().parents[1],
        read_blob=lambda sha256: (),
        secret={"KEY": cluster.private_key}.__getitem__,
    )
    return SlurmProvider(read_settings(settings), around)


def _sbatch(cluster: SlurmCluster, *options: str) -> None:
    argv = ["sbatch", "--parsable", LATER, "--output=/dev/null", *options, "--wrap=true"]
    subprocess.run(argv, env=cluster.env, check=True, capture_output=True)


def _ms_since(begun: float) -> float:
    return 1000 * (time.perf_counter() - begun)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _cluster() -> Iterator[SlurmCluster]:
    with tempfile.TemporaryDirectory(prefix="lab-slurm-") as root:
        cluster = SlurmCluster(Path(root))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


if __name__ == "__main__":
    show(rows())
