"""The tree below a process, by the kernel's lists and by a look at every process: the same."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from lab.node.processes import KERNEL_LISTS_CHILDREN, descendants
from tests.lab.running import until

TREE = "sleep 60 & (sleep 60 & exec sleep 60) & wait"


@pytest.fixture
def shell() -> Iterator[int]:
    """A shell with two sleeps below it, of which one has a third below."""
    with subprocess.Popen(["bash", "-c", TREE], start_new_session=True) as started:
        yield started.pid
        os.killpg(started.pid, signal.SIGKILL)


@pytest.mark.parametrize("listed", sorted({False, KERNEL_LISTS_CHILDREN}))
def test_every_process_below_is_found_with_what_it_uses(shell: int, listed: bool) -> None:
    until(lambda: len(descendants(shell, listed=listed)) == 3)
    tree = descendants(shell, listed=listed)
    direct = [stat.pid for stat in tree if stat.parent == shell]
    below = [stat.parent for stat in tree if stat.parent != shell]
    assert len(direct) == 2
    assert len(below) == 1
    assert below[0] in direct
    assert all(stat.memory_bytes > 0 for stat in tree)


@pytest.mark.parametrize("listed", sorted({False, KERNEL_LISTS_CHILDREN}))
def test_below_a_process_without_children_there_is_nothing(listed: bool) -> None:
    with subprocess.Popen(["sleep", "60"]) as started:
        assert descendants(started.pid, listed=listed) == []
        started.kill()


def test_below_a_process_that_is_gone_there_is_nothing() -> None:
    with subprocess.Popen(["true"]) as started:
        started.wait()
    assert descendants(started.pid) == []
