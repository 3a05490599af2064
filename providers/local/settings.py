"""What an admin may set for Local, and what is found out when they set nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping

import msgspec

from domain.resources import Accelerator
from providers.base import InvalidSettings
from providers.prices import read_prices

GIB = 1024**3
HOOKS = ("pre_setup", "post_setup", "pre_run", "post_run")


class LocalSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``None`` means what the machine has. Hooks are shell text run around every job's phases.

    Prices are read in ``providers/prices.py``; 0 and nothing are free.
    """

    cpus: float | None = None
    memory_gib: float | None = None
    accelerators: str | None = None
    price_per_cpu_hour: float = 0.0
    price_per_gib_hour: float = 0.0
    price_per_accelerator_hour: str = ""
    pre_setup: str = ""
    post_setup: str = ""
    pre_run: str = ""
    post_run: str = ""


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    cpus: float
    memory_gib: float
    accelerators: tuple[Accelerator, ...] = ()

    @property
    def accelerator_count(self) -> int:
        return sum(a.count for a in self.accelerators)


def read_settings(raw: Mapping[str, object]) -> LocalSettings:
    """Refuses unknown keys and impossible values, listing what is known."""
    try:
        settings = msgspec.convert(dict(raw), LocalSettings)
    except msgspec.ValidationError as error:
        known = ", ".join(LocalSettings.__struct_fields__)
        raise InvalidSettings(provider="local", reason=f"{error}. Known: {known}.") from error
    for field in ("cpus", "memory_gib"):
        value = getattr(settings, field)
        if value is not None and value <= 0:
            raise InvalidSettings(provider="local", reason=f"{field} must be above 0, not {value}.")
    read_prices(settings, provider="local")
    return settings


def capacity(settings: LocalSettings) -> Capacity:
    """What may be handed out: the settings, else what is there."""
    cpus = settings.cpus or len(os.sched_getaffinity(0))
    memory = settings.memory_gib or _physical_memory_gib()
    named = settings.accelerators
    found = _nvidia_accelerators() if named is None else _parse_accelerators(named)
    return Capacity(cpus=cpus, memory_gib=memory, accelerators=found)


def _parse_accelerators(text: str) -> tuple[Accelerator, ...]:
    parsed = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        kind, _, count = part.partition(":")
        if count and not count.isdigit():
            reason = f"accelerators: {part!r} is not KIND:COUNT, like A100:4."
            raise InvalidSettings(provider="local", reason=reason)
        parsed.append(Accelerator(kind=kind, count=int(count or 1)))
    return tuple(parsed)


def _physical_memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB


def _nvidia_accelerators() -> tuple[Accelerator, ...]:
    # https://docs.nvidia.com/deploy/nvidia-smi/ (--query-gpu=name)
    if not shutil.which("nvidia-smi"):
        return ()
    argv = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False)
    names = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if done.returncode:
        return ()
    short = [name.removeprefix("NVIDIA ").replace(" ", "-") for name in names]
    return tuple(Accelerator(kind=k, count=short.count(k)) for k in dict.fromkeys(short))
