"""Jobs that differ in nothing Slurm sees, as one array: which go together, and what is sent of them.

Each keeps the folder it would have alone, with its own secrets, plus ``element``: the array's name
and its place. Its log, its Slurm job id and its files are links into the array's own folder.
Pure: no connection. Not here: how often sbatch is asked (``providers/slurm/batches.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import msgspec

from providers.base import JobRequest
from providers.slurm.archive import Member, folder, symlink, text
from providers.slurm.inventory import Node
from providers.slurm.scripts import fill
from providers.slurm.settings import SlurmSettings
from providers.slurm.submission import Place, blobs, directives, members, sbatch_lines

OWN = ("--job-name=", "--comment=", "--output=")
"""What of a job's directives is its own; an array has others in their stead."""


class Array(msgspec.Struct, frozen=True, kw_only=True):
    """Requests whose ``lines``, the directives, are the same, in the order of their places."""

    requests: tuple[JobRequest, ...]
    lines: tuple[str, ...]

    @property
    def name(self) -> str:
        """The same for the same attempts, so that submitting again meets what was submitted."""
        tokens = "\n".join(request.token for request in self.requests)
        return f"lab-array-{hashlib.sha256(tokens.encode()).hexdigest()[:20]}"

    def part(self, start: int, end: int | None = None) -> Array:
        """Those from place ``start`` to before ``end``, as an array of their own."""
        return Array(requests=self.requests[start:end], lines=self.lines)


def group(
    requests: Iterable[JobRequest],
    settings: SlurmSettings,
    nodes: Sequence[Node],
    *,
    largest: int,
) -> list[Array]:
    """Arrays of at most ``largest``; a job on several nodes is alone in its own."""
    alike: dict[tuple[str, ...], list[JobRequest]] = {}
    for request in requests:
        lines = directives(request, settings, nodes, output="")
        shared = [line for line in lines if not line.startswith(OWN)]
        if request.spec.resources.num_nodes > 1:
            shared.append(request.token)
        alike.setdefault(tuple(shared), []).append(request)
    return [
        Array(requests=tuple(those[start : start + largest]), lines=lines)
        for lines, those in alike.items()
        for start in range(0, len(those), largest)
    ]


def script(array: Array, *, place: Place) -> str:
    """The array's batch script: ``providers/templates/sbatch_array.sh``."""
    own = [f"--job-name={array.name}", f"--comment=labledger:array:{len(array.requests)}"]
    log = f"--output={place.work}/arrays/{array.name}/%a.log"
    values = {"TOKENS": f"{place.work}/arrays/{array.name}/tokens", "JOBS": f"{place.work}/jobs"}
    return fill("sbatch_array.sh", values, lines=sbatch_lines([*own, log, *array.lines]))


def array_members(
    array: Array,
    settings: SlurmSettings,
    nodes: Sequence[Node],
    *,
    place: Place,
    read_blob: Callable[[str], Iterable[bytes]],
) -> Iterator[Member]:
    """Every attempt's folder and the array's; its script is last and so vouches for the rest."""
    yield folder("jobs")
    for index, request in enumerate(array.requests):
        yield from _element(array.name, index, request)
        alone = members(request, settings, nodes, place=place, read_blob=read_blob)
        for member in alone:
            if not member.name.startswith("files"):
                yield member._replace(name=f"jobs/{request.token}/{member.name}")
    yield folder("array")
    yield folder("array/files")
    shared = {sha256: size for r in array.requests for sha256, size in blobs(r).items()}
    for sha256, size in shared.items():
        yield Member(f"array/files/{sha256}", size, partial(read_blob, sha256))
    tokens = "".join(f"{request.token}\n" for request in array.requests)
    yield text("array/tokens", tokens.encode())
    yield text("array/job.sh", script(array, place=place).encode(), mode=0o700)


def _element(name: str, index: int, request: JobRequest) -> Iterator[Member]:
    here, shared = f"jobs/{request.token}", f"../../arrays/{name}"
    yield folder(here)
    yield text(f"{here}/element", f"{name}_{index}\n".encode())
    yield symlink(f"{here}/job_id", f"{shared}/job_id")
    yield symlink(f"{here}/slurm.log", f"{shared}/{index}.log")
    if blobs(request):
        yield symlink(f"{here}/files", f"{shared}/files")
