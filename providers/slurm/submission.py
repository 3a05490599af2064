"""One attempt as Slurm is handed it: the batch script, and the folder with a bundle for each node.

Pure: no connection. Secrets are in the bundles alone, which are 0600 and deleted by the wrapper
when it has read them; never in the script, its comment or an argument.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from math import ceil

import msgspec

from domain.job_spec import JobSpec
from providers.base import JobRequest
from providers.node_bundle import BACKSTOP_S, identity_of, work_of
from providers.slurm.archive import Member, folder, text
from providers.slurm.inventory import Node, choose_partition, gres_type
from providers.slurm.scripts import fill
from providers.slurm.settings import SlurmSettings, read_flags

HOOKS = ("pre_setup", "post_setup", "pre_run", "post_run")
SETUP_S = 3600.0
"""Room for setup and uploads in Slurm's time limit, which only backs up the server's own."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """``attempt.json``: whose folder it is."""

    job: str
    attempt: int
    nodes: int


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where on the shared file system: the work folder, and the name of the wrapper's version."""

    work: str
    sdk: str

    def attempt(self, token: str) -> str:
        return f"{self.work}/jobs/{token}"

    @property
    def package(self) -> str:
        return f"{self.work}/sdk/{self.sdk}"


def job_name(token: str) -> str:
    return f"lab-{token}"


def directives(
    request: JobRequest, settings: SlurmSettings, nodes: Sequence[Node], *, output: str
) -> list[str]:
    """What follows ``#SBATCH``, in a stable order; a flag of the settings goes before our own value.

    https://slurm.schedmd.com/sbatch.html
    """
    spec = request.spec
    options = {
        "job-name": job_name(request.token),
        "comment": f"labledger:{request.job}:{request.attempt}",
        "output": output,
        "open-mode": "append",
        "no-requeue": "",
        "nodes": str(spec.resources.num_nodes),
        "ntasks-per-node": "1",
        "partition": choose_partition(spec, settings),
        "account": settings.account,
        "qos": settings.qos,
        **_amounts(spec, settings, nodes),
        **read_flags(settings.flags),
    }
    switches = {"no-requeue", "exclusive"}
    return [
        f"--{name}={value}" if value else f"--{name}"
        for name, value in options.items()
        if value or name in switches
    ]


def _amounts(spec: JobSpec, settings: SlurmSettings, nodes: Sequence[Node]) -> dict[str, str]:
    asked = spec.resources
    amounts = {
        "cpus-per-task": str(ceil(asked.cpus)) if asked.cpus else "",
        "mem": f"{ceil(asked.memory_gib * 1024)}M" if asked.memory_gib else "",
        "time": str(_minutes(spec)) if spec.timeout_s else "",
    }
    if asked.accelerators:
        kind = gres_type(asked.accelerators, settings, nodes)
        amounts["gres"] = ":".join(filter(None, ("gpu", kind, str(asked.accelerators.count))))
    return amounts


def _minutes(spec: JobSpec) -> int:
    before = spec.launch_timeout_s or SETUP_S
    return ceil(((spec.timeout_s or 0) + BACKSTOP_S + before) / 60)


def sbatch_lines(lines: Iterable[str]) -> str:
    return "\n".join(f"#SBATCH {line}" for line in lines)


def script(
    request: JobRequest, settings: SlurmSettings, nodes: Sequence[Node], *, place: Place
) -> str:
    """The batch script: ``providers/templates/sbatch.sh`` with this attempt's values."""
    attempt = place.attempt(request.token)
    lines = directives(request, settings, nodes, output=f"{attempt}/slurm.log")
    values = {
        "PYTHON": settings.python,
        "SDK": place.package,
        "FOLDER": attempt,
        "NODES": str(request.spec.resources.num_nodes),
    }
    return fill("sbatch.sh", values, lines=sbatch_lines(lines))


def bundle(
    request: JobRequest, settings: SlurmSettings, *, place: Place, node: int
) -> dict[str, object]:
    """JSON-ready. Slurm itself bounds memory and processors and assigns the accelerators."""
    return {
        **identity_of(request),
        "node": node,
        "nodes": request.spec.resources.num_nodes,
        "hooks": {name: getattr(settings, name) for name in HOOKS},
        "blobs": f"{place.attempt(request.token)}/files",
        "sdk": place.package,
        "venv_cache": f"{place.work}/cache",
        **work_of(request),
    }


def members(
    request: JobRequest,
    settings: SlurmSettings,
    nodes: Sequence[Node],
    *,
    place: Place,
    read_blob: Callable[[str], Iterable[bytes]],
) -> Iterator[Member]:
    """The attempt's folder."""
    count = request.spec.resources.num_nodes
    whose = Attempt(job=request.job, attempt=request.attempt, nodes=count)
    yield text("attempt.json", msgspec.json.encode(whose))
    yield text("job.sh", script(request, settings, nodes, place=place).encode(), mode=0o700)
    yield folder("files")
    for sha256, size in blobs(request).items():
        yield Member(f"files/{sha256}", size, partial(read_blob, sha256))
    for node in range(count):
        for name in ("", "/journal"):  # the wrapper makes the others; each costs a shared disk time
            yield folder(f"{node}{name}")
        what = bundle(request, settings, place=place, node=node)
        yield text(f"{node}/bundle.json", json.dumps(what).encode())


def blobs(request: JobRequest) -> dict[str, int]:
    """SHA-256 to size of every file the nodes need."""
    wanted = {f.sha256: f.size for f in request.spec.files}
    for file in request.resume.files if request.resume else ():
        wanted[str(file["sha256"])] = int(str(file["size"]))
    return wanted
