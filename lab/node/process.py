"""Start one command so that nothing of it outlives the job.

Between wrapper and command stands a *guard*, a fork that adopts orphans. It ends the whole tree
when the command ends, when it is told to, and when the wrapper dies (the pipe closes). If the guard
itself is killed, the command dies with it and the wrapper, which adopts orphans too, ends the rest.
"""

import contextlib
import os
import select
import signal
from collections.abc import Mapping
from typing import NamedTuple, NoReturn

from lab.node.limits import Limits
from lab.node.processes import adopt_orphans, die_with_parent, end_descendants

NOT_STARTED = 127
_TERMINATE, _KILL = b"t", b"k"
_DEFAULT_IN_COMMAND = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGCHLD,
    signal.SIGPIPE,
)


class Exit(NamedTuple):
    """Exactly one of the two is set."""

    exit_code: int | None = None
    signal: int | None = None

    @property
    def ok(self) -> bool:
        return self.exit_code == 0


class Command(NamedTuple):
    """``stdout`` and ``stderr`` are descriptors; the wrapper closes them once it is started."""

    argv: list[str]
    cwd: str
    env: Mapping[str, str]
    stdout: int
    stderr: int
    limits: Limits


class Child:
    """A running command and its guard."""

    def __init__(self, *, guard: int, status: int, orders: int) -> None:
        self.guard = guard
        self.status = status
        self._orders = orders
        self._said = b""
        self.pid = 0

    def terminate(self) -> None:
        """SIGTERM to the command's process group."""
        self._order(_TERMINATE)

    def kill(self) -> None:
        """SIGKILL to everything below the guard."""
        self._order(_KILL)

    def wait(self, timeout_s: float, *, wake: int) -> Exit | None:
        """The exit, or None after the timeout or when ``wake`` became readable."""
        ready, _, _ = select.select([self.status, wake], [], [], timeout_s)
        if self.status not in ready:
            return None
        said = os.read(self.status, 4096)
        self._said += said
        for line in self._said.decode().splitlines():
            word, _, number = line.partition(" ")
            if word == "pid":
                self.pid = int(number)
            elif word == "exit":
                return self._reaped(Exit(exit_code=int(number)))
            elif word == "signal":
                return self._reaped(Exit(signal=int(number)))
        if said:
            return None
        return self._reaped(Exit(signal=signal.SIGKILL))

    def _reaped(self, result: Exit) -> Exit:
        os.waitpid(self.guard, 0)
        os.close(self.status)
        os.close(self._orders)
        end_descendants()
        return result

    def _order(self, order: bytes) -> None:
        try:
            os.write(self._orders, order)
        except BrokenPipeError:
            return


def start(command: Command) -> Child:
    """Fork the guard, which forks the command. Call from the main thread. Raises OSError."""
    status_r, status_w = os.pipe()
    orders_r, orders_w = os.pipe()
    guard = os.fork()
    if guard == 0:
        os.close(status_r)
        os.close(orders_w)
        _guard(command, status=status_w, orders=orders_r)
    for descriptor in (status_w, orders_r, command.stdout, command.stderr):
        os.close(descriptor)
    return Child(guard=guard, status=status_r, orders=orders_w)


def _guard(command: Command, *, status: int, orders: int) -> NoReturn:
    """Never returns into the wrapper's code, whatever happens."""
    try:
        adopt_orphans()
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        wake_r, wake_w = os.pipe()
        os.set_blocking(wake_w, False)
        signal.set_wakeup_fd(wake_w, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        pid = os.fork()
        if pid == 0:
            _become(command)
        os.close(command.stdout)
        os.close(command.stderr)
        os.write(status, f"pid {pid}\n".encode())
        result = _watch(pid, wake=wake_r, orders=orders)
        end_descendants()
        os.write(status, result)
    finally:
        os._exit(0)


def _watch(pid: int, *, wake: int, orders: int) -> bytes:
    """Until the command ended: obey orders and reap.

    A shell dies of SIGTERM at once while the program it started still saves its work; so after a
    stop the whole process group has until the kill order to end.
    """
    how: int | None = None
    stopping = False
    while True:
        ready, _, _ = select.select([wake, orders], [], [])
        if orders in ready:
            order = os.read(orders, 1)
            stopping = order == _TERMINATE
            _signal_group(pid, signal.SIGTERM if stopping else signal.SIGKILL)
            if not order or (how is not None and not stopping):
                return _said(signal.SIGKILL if how is None else how)
        if wake in ready:
            os.read(wake, 4096)
        while (ended := _reap_one()) is not None:
            how = ended[1] if ended[0] == pid else how
        if how is not None and not (stopping and _group_lives(pid)):
            return _said(how)


def _group_lives(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:  # it has not made its group yet, or is gone
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _reap_one() -> tuple[int, int] | None:
    try:
        pid, how = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, how) if pid else None


def _said(how: int) -> bytes:
    if os.WIFSIGNALED(how):
        return f"signal {os.WTERMSIG(how)}\n".encode()
    return f"exit {os.WEXITSTATUS(how)}\n".encode()


def _become(command: Command) -> NoReturn:
    try:
        die_with_parent()
        signal.set_wakeup_fd(-1)
        for number in _DEFAULT_IN_COMMAND:
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(command.stdout, 1)
        os.dup2(command.stderr, 2)
        command.limits.apply_to_this_process()
        os.chdir(command.cwd)
        os.execvpe(command.argv[0], command.argv, dict(command.env))  # noqa: S606  # no shell meant
    except OSError as error:
        os.write(2, f"lab: cannot start {command.argv[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(NOT_STARTED)
