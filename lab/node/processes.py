"""Process trees read from /proc, and the two prctl switches that make them ours to end."""

import ctypes
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

# https://man7.org/linux/man-pages/man2/prctl.2.html
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None)
KILL_LIMIT_S = 10.0
KERNEL_LISTS_CHILDREN = Path(f"/proc/self/task/{os.getpid()}/children").exists()
"""Read from there a job's processes cost what they are, not what the machine has."""


class ProcessStat(NamedTuple):
    """``cpu_s`` counts user and system time since the process began."""

    pid: int
    parent: int
    cpu_s: float
    memory_bytes: int


def adopt_orphans() -> None:
    """Descendants whose parent ends become this process's children, not init's."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """SIGKILL for this process when the thread that forked it ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def descendants(root: int, *, listed: bool = KERNEL_LISTS_CHILDREN) -> list[ProcessStat]:
    """Every process below ``root``, which is not among them.

    One that ends meanwhile may hide a sibling: whoever must have all asks until there is none.
    ``listed``: by the kernel's lists of children, else by a look at every process of the machine.
    """
    parents = None if listed else _by_parent()
    below: list[ProcessStat] = []
    waiting = [root]
    while waiting:
        parent = waiting.pop()
        found = _children(parent) if parents is None else parents.get(parent, [])
        below += found
        waiting += [stat.pid for stat in found]
    return below


def end_descendants() -> None:
    """SIGKILL and reap everything below this process, which must have called ``adopt_orphans``.

    Whatever is below an adopter without children has ended: an orphan is its child before the parent
    can be reaped. So most jobs end without a look at every process of the machine.
    """
    until = time.monotonic() + KILL_LIMIT_S
    while _has_children() and time.monotonic() < until:
        for stat in descendants(os.getpid()):
            _kill(stat.pid)
        time.sleep(0.005)


def _has_children() -> bool:
    """Whether any lives, once the dead ones are reaped."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _children(parent: int) -> list[ProcessStat]:
    """https://man7.org/linux/man-pages/man5/proc_tid_children.5.html"""
    pids: list[str] = []
    for listed in Path(f"/proc/{parent}/task").glob("*/children"):
        with suppress(OSError):
            pids += listed.read_text("ascii").split()
    return [stat for pid in pids if (stat := _stat(pid)) is not None]


def _by_parent() -> dict[int, list[ProcessStat]]:
    """All processes of the machine."""
    parents: dict[int, list[ProcessStat]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        if (stat := _stat(folder.name)) is not None:
            parents.setdefault(stat.parent, []).append(stat)
    return parents


def _stat(pid: str) -> ProcessStat | None:
    """None when it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    # The command may hold spaces and parentheses; the fields begin after the last one.
    # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    field = text[text.rindex(")") + 2 :].split()
    return ProcessStat(
        pid=int(pid),
        parent=int(field[1]),
        cpu_s=(int(field[11]) + int(field[12])) / os.sysconf("SC_CLK_TCK"),
        memory_bytes=int(field[21]) * os.sysconf("SC_PAGESIZE"),
    )
