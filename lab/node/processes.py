"""Process trees read from /proc, and the two prctl switches that make them ours to end."""

import ctypes
import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

# https://man7.org/linux/man-pages/man2/prctl.2.html
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None)
KILL_LIMIT_S = 10.0


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


def descendants(root: int) -> list[ProcessStat]:
    """Every process below ``root``, which is not among them."""
    found = {stat.pid: stat for stat in _all_processes()}
    children: dict[int, list[ProcessStat]] = {}
    for stat in found.values():
        children.setdefault(stat.parent, []).append(stat)
    below: list[ProcessStat] = []
    waiting = [root]
    while waiting:
        for stat in children.get(waiting.pop(), []):
            below.append(stat)
            waiting.append(stat.pid)
    return below


def end_descendants() -> None:
    """SIGKILL and reap everything below this process, which must have called ``adopt_orphans``."""
    until = time.monotonic() + KILL_LIMIT_S
    while time.monotonic() < until:
        for stat in descendants(os.getpid()):
            _kill(stat.pid)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.005)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _all_processes() -> list[ProcessStat]:
    page = os.sysconf("SC_PAGESIZE")
    tick = os.sysconf("SC_CLK_TCK")
    stats = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text("utf-8", "replace")
        except OSError:
            continue
        # The command may hold spaces and parentheses; the fields begin after the last one.
        # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
        field = text[text.rindex(")") + 2 :].split()
        cpu_s = (int(field[11]) + int(field[12])) / tick
        memory = int(field[21]) * page
        pid, parent = int(folder.name), int(field[1])
        stats.append(ProcessStat(pid=pid, parent=parent, cpu_s=cpu_s, memory_bytes=memory))
    return stats
