"""The bound on a job's memory and processors: by cgroup where we may, else by RLIMIT_DATA.

A cgroup counts the whole tree and tells when the kernel killed for it; RLIMIT_DATA counts each
process alone and makes allocations fail instead.
"""

import os
import resource
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path("/sys/fs/cgroup")


class Limits(NamedTuple):
    """``group`` is the job's own cgroup folder, None when we may not make one."""

    memory_bytes: int | None = None
    group: Path | None = None
    processors: frozenset[int] = frozenset()

    def apply_to_this_process(self) -> None:
        """Between fork and exec of the command."""
        if self.group is not None:
            (self.group / "cgroup.procs").write_text("0")
        elif self.memory_bytes is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (self.memory_bytes, self.memory_bytes))
        if self.processors:
            os.sched_setaffinity(0, self.processors)

    def ran_out(self) -> bool:
        """Whether the kernel killed a process of this job for its memory."""
        return self.group is not None and _kills(self.group) > 0

    def remove(self) -> None:
        """After the last process has ended; a group that is still busy a moment later stays."""
        for _ in range(20):
            try:
                if self.group is not None and self.group.exists():
                    self.group.rmdir()
            except OSError:
                time.sleep(0.01)
            else:
                return


def make_limits(
    name: str, *, memory_bytes: int | None, processors: Iterable[int] = (), root: Path = ROOT
) -> Limits:
    """``name`` becomes the group's folder; bytes bound memory and swap together."""
    group = _make_group(name, memory_bytes, root=root) if memory_bytes else None
    return Limits(memory_bytes=memory_bytes, group=group, processors=frozenset(processors))


def _make_group(name: str, memory_bytes: int, *, root: Path) -> Path | None:
    # https://docs.kernel.org/admin-guide/cgroup-v2.html and .../cgroup-v1/memory.html
    if (root / "cgroup.controllers").exists():
        bounds = {"memory.max": memory_bytes, "memory.swap.max": 0}
        return _try_group(_own_group(root, "0::") / name, bounds)
    bounds = {"memory.limit_in_bytes": memory_bytes, "memory.memsw.limit_in_bytes": memory_bytes}
    return _try_group(root / "memory" / f"lab-{name}", bounds)


def _try_group(group: Path, bounds: dict[str, int]) -> Path | None:
    required = next(iter(bounds))
    try:
        group.mkdir(exist_ok=True)
        for file, value in bounds.items():
            if file == required or (group / file).exists():
                (group / file).write_text(str(value))
    except OSError:
        if group.is_dir() and not (group / required).exists():
            group.rmdir()
        return None
    return group


def _own_group(root: Path, prefix: str) -> Path:
    for line in Path("/proc/self/cgroup").read_text("utf-8").splitlines():
        if line.startswith(prefix):
            return root / line.removeprefix(prefix).strip("/")
    return root


def _kills(group: Path) -> int:
    for name in ("memory.events", "memory.oom_control"):
        file = group / name
        if file.exists():
            for line in file.read_text("utf-8").splitlines():
                word, _, number = line.partition(" ")
                if word == "oom_kill":
                    return int(number)
    return 0
