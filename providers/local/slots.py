"""Who gets what on one machine: pure arithmetic over what is handed out already."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from domain.job_spec import JobSpec
from domain.resources import Resources
from providers.base import Wait
from providers.local.settings import Capacity

DEFAULT_CPUS = 1.0
VENDORS = frozenset({"NVIDIA", "AMD", "AppleSilicon"})
"""Asked for by vendor, any accelerator of the machine will do."""


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt holds. ``accelerators`` are device indexes; memory 0 is unbounded."""

    job: str
    attempt: int
    cpus: float = DEFAULT_CPUS
    memory_gib: float = 0.0
    accelerators: tuple[int, ...] = ()


def never(wanted: Resources, has: Capacity) -> Wait | None:
    """Why this machine can never run it, or ``None``."""
    for lacks, text in _lacks(wanted, has):
        if lacks:
            return Wait(code="impossible", text=text, forever=True)
    return None


def place(
    spec: JobSpec, *, job: str, attempt: int, has: Capacity, held: Sequence[Slot]
) -> Slot | Wait:
    """A slot, or why there is none now."""
    wanted = spec.resources
    impossible = never(wanted, has)
    if impossible:
        return impossible
    cpus = wanted.cpus or DEFAULT_CPUS
    memory = wanted.memory_gib or 0.0
    used_cpus = sum(s.cpus for s in held)
    used_memory = sum(s.memory_gib for s in held)
    if used_cpus + cpus > has.cpus:
        return _full("cpus", used_cpus, has.cpus, cpus, len(held))
    if used_memory + memory > has.memory_gib:
        return _full("GiB of memory", used_memory, has.memory_gib, memory, len(held))
    devices = _devices(wanted, has, held)
    if devices is None:
        used = sum(len(s.accelerators) for s in held)
        asked = wanted.accelerators.count if wanted.accelerators else 0
        return _full("accelerators", used, has.accelerator_count, asked, len(held))
    return Slot(job=job, attempt=attempt, cpus=cpus, memory_gib=memory, accelerators=devices)


def _lacks(wanted: Resources, has: Capacity) -> tuple[tuple[bool, str], ...]:
    kinds = ", ".join(f"{a.kind}:{a.count}" for a in has.accelerators) or "none"
    asked = wanted.accelerators
    return (
        (wanted.num_nodes > 1, f"num_nodes is {wanted.num_nodes}; Local is one machine."),
        (bool(wanted.image), "image is set; Local runs processes, not container images."),
        (wanted.spot, "spot is set; Local has no spot machines."),
        (bool(wanted.instance_type), "instance_type is set; Local is one machine of its own type."),
        (
            (wanted.cpus or 0) > has.cpus,
            f"cpus is {wanted.cpus}; this machine has {has.cpus:g}.",
        ),
        (
            (wanted.memory_gib or 0) > has.memory_gib,
            f"memory is {wanted.memory_gib:g} GiB; this machine has {has.memory_gib:.1f}."
            if wanted.memory_gib
            else "",
        ),
        (
            asked is not None and len(_matching(asked.kind, has)) < asked.count,
            f"accelerators is {asked.kind}:{asked.count}; this machine has {kinds}."
            if asked
            else "",
        ),
    )


def _devices(wanted: Resources, has: Capacity, held: Sequence[Slot]) -> tuple[int, ...] | None:
    if wanted.accelerators is None:
        return ()
    taken = {i for slot in held for i in slot.accelerators}
    free = [i for i in _matching(wanted.accelerators.kind, has) if i not in taken]
    if len(free) < wanted.accelerators.count:
        return None
    return tuple(free[: wanted.accelerators.count])


def _matching(kind: str, has: Capacity) -> list[int]:
    kinds = [a.kind for a in has.accelerators for _ in range(a.count)]
    any_kind = kind in VENDORS
    return [i for i, k in enumerate(kinds) if any_kind or k.lower() == kind.lower()]


def _full(what: str, used: float, total: float, asked: float, jobs: int) -> Wait:
    text = (
        f"{used:g} of {total:g} {what} are in use by {jobs} job(s); this job needs {asked:g}. "
        "It starts when one of them ends."
    )
    shown = {"what": what, "used": f"{used:g}", "total": f"{total:g}", "asked": f"{asked:g}"}
    return Wait(code=f"no_room:{what}", text=text, evidence=shown | {"jobs": str(jobs)})
