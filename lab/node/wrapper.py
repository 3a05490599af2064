"""One attempt on one node, from claim to confirmed end: the order of phases and who ends them.

How a command is started, captured, bounded and shipped is in the modules beside this one.
"""

from __future__ import annotations

import fcntl
import importlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from lab.journal import Json
from lab.node.bundle import Bundle, BundleError, PlacementError, read_bundle
from lab.node.capture import capture
from lab.node.environment import user_environment
from lab.node.limits import Limits, make_limits
from lab.node.link import Link
from lab.node.process import Child, Command, Exit, start
from lab.node.processes import adopt_orphans
from lab.node.records import NodeRecords
from lab.redaction import Redactor

if TYPE_CHECKING:
    from lab.node.shipper import Stop

STRICT = ("bash", "-e", "-o", "pipefail", "-c")
LENIENT = ("bash", "-c")
UNSEEN = 'script=$LAB_SCRIPT; unset LAB_SCRIPT; eval "$script"'
"""Everybody on the machine can read the arguments of a process; its environment is its owner's."""
LINGER_S = 3600.0
DRAIN_S = 5.0
RETRY_S = 1.0


class Wrapper:
    """``run`` belongs to the main thread; ``request_stop`` to any, and to signal handlers."""

    def __init__(self, bundle: Bundle, run_dir: Path) -> None:
        self._bundle = bundle
        self._run_dir = run_dir
        self._work = run_dir / "work"
        self._changed = threading.Event()
        self._records = NodeRecords(run_dir, changed=self._changed)
        self._records.redact = Redactor(
            [*bundle.secrets.values(), bundle.job_token, *_credentials(bundle)]
        )
        self._link = Link(
            bundle, run_dir, records=self._records, changed=self._changed, on_stop=self._on_stop
        )
        self._env: dict[str, str] = {}
        self._limits = Limits()
        self._wake_r, self._wake_w = os.pipe()
        os.set_blocking(self._wake_r, False)
        self._stop_reason = ""
        self._grace_s = bundle.grace_s

    def run(self) -> None:
        """Never raises for what the user's commands or the server do."""
        pid = os.getpid()
        node = os.uname().nodename
        self._records.phase("claimed", host=node, pid=pid, boot=_boot_id())
        try:
            self._prepare()
            where, result = self._run_commands()
            reason = self._reason(where, result)
        except (PlacementError, BundleError, OSError) as error:
            where, result = "setup", Exit(exit_code=1)
            reason = f"the working directory could not be made: {error}"
        self._end(where, result, reason=reason)

    def request_stop(self, reason: str, *, grace_s: float | None = None) -> None:
        """The first reason counts."""
        if not self._stop_reason:
            self._grace_s = self._asked_grace() if grace_s is None else grace_s
            self._stop_reason = reason or "asked to stop"
        os.write(self._wake_w, b"s")

    def _asked_grace(self) -> float:
        """What the provider wrote beside its SIGTERM, else what the job was started with."""
        try:
            asked = json.loads((self._run_dir / "grace.json").read_text("utf-8"))
            return float(asked["grace_s"])
        except (OSError, ValueError, KeyError, TypeError):
            return self._bundle.grace_s

    def _on_stop(self, stop: Stop) -> None:
        if not self._stop_reason:
            self.request_stop(stop.reason, grace_s=stop.grace_s)

    def _prepare(self) -> None:
        bundle = self._bundle
        for folder in (self._work, self._run_dir / "blobs"):
            folder.mkdir(parents=True, exist_ok=True)
        (self._run_dir / "config.json").write_text(json.dumps(dict(bundle.parameters)), "utf-8")
        checkpoint = None
        if bundle.resume is not None and bundle.resume.files:
            checkpoint = self._run_dir / "checkpoint"
            _workdir().place_files(bundle.resume.files, checkpoint, bundle=bundle)
        self._env = user_environment(
            bundle, self._run_dir, inherited=os.environ, checkpoint=checkpoint
        )
        cores = sorted(os.sched_getaffinity(0))
        self._limits = make_limits(
            f"{bundle.job_id}-{bundle.attempt}-{bundle.node}".replace("/", "_"),
            memory_bytes=bundle.memory_bytes,
            processors=_share_of(cores, bundle.cpus),
        )

    def _run_commands(self) -> tuple[str, Exit]:
        """Where it ended and how. A hook or setup that fails is where it ended."""
        bundle = self._bundle
        if bundle.git is not None:
            argv = _workdir().checkout_argv(bundle.git.url, bundle.git.commit)
            result = self._command(argv, phase="setup", cwd=self._work)
            if not result.ok:
                return "setup", result
        cwd = self._work
        if bundle.git is not None or bundle.files:
            cwd = _workdir().user_folder(self._work, bundle)
            _workdir().place_files(bundle.files, cwd, bundle=bundle)
        result = self._setup(cwd)
        if not result.ok:
            return "setup", result
        before = bundle.hooks.get("pre_run", "")
        if before and not (result := self._shell(STRICT, before, phase="run", cwd=cwd)).ok:
            return "run", result
        result = self._shell(LENIENT, bundle.run, phase="run", cwd=cwd, timeout_s=bundle.timeout_s)
        after = bundle.hooks.get("post_run", "")
        if after and not self._stop_reason:
            self._shell(STRICT, after, phase="run", cwd=cwd)
        return "run", result

    def _setup(self, cwd: Path) -> Exit:
        hooks, setup = self._bundle.hooks, self._bundle.setup
        venv = _venvs().cached_environment(self._bundle) if self._bundle.venv_cache else None
        if venv is not None:
            venv.parent.mkdir(parents=True, exist_ok=True)
            with venv.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # one job builds, the others wait and reuse
                return self._cached_setup(venv, cwd)
        for script in (hooks.get("pre_setup", ""), setup, hooks.get("post_setup", "")):
            if script and not (result := self._shell(STRICT, script, phase="setup", cwd=cwd)).ok:
                return result
        return Exit(exit_code=0)

    def _cached_setup(self, venv: Path, cwd: Path) -> Exit:
        python = sys.executable or "python3"
        marker = venv / ".complete"
        base, self._env = self._env, _venvs().activated(self._env, venv)
        if marker.exists():
            self._records.say(f"environment {venv.name} reused; setup skipped")
            return Exit(exit_code=0)
        _venvs().remove_incomplete(venv)
        argv = [python, "-m", "venv", str(venv)]
        result = self._command(argv, phase="setup", cwd=cwd, env=base)
        if result.ok:
            result = self._shell(STRICT, self._bundle.setup, phase="setup", cwd=cwd)
        if result.ok:
            marker.touch()
        return result

    def _shell(
        self,
        shell: Sequence[str],
        script: str,
        *,
        phase: str,
        cwd: Path,
        timeout_s: float | None = None,
    ) -> Exit:
        if not any(value and value in script for value in self._bundle.secrets.values()):
            return self._command([*shell, script], phase=phase, cwd=cwd, timeout_s=timeout_s)
        env = {**self._env, "LAB_SCRIPT": script}
        return self._command([*shell, UNSEEN], phase=phase, cwd=cwd, env=env, timeout_s=timeout_s)

    def _command(
        self,
        argv: list[str],
        *,
        phase: str,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Exit:
        if self._stop_reason:
            return Exit(signal=signal.SIGTERM)
        out, err, reader = capture(self._records, phase=phase)
        command = Command(
            argv=argv,
            cwd=str(cwd),
            env=env or self._env,
            stdout=out,
            stderr=err,
            limits=self._limits,
        )
        child = start(command)
        if self._records.phase_now != phase:
            self._records.phase(phase)
        reader.start()
        self._link.start()
        result = self._wait(child, timeout_s=timeout_s)
        reader.join(DRAIN_S)
        return result

    def _wait(self, child: Child, *, timeout_s: float | None) -> Exit:
        """Until the command and everything it started is gone; carries out a stop meanwhile."""
        times_out_at = time.monotonic() + timeout_s if timeout_s is not None else float("inf")
        kill_at = float("inf")
        asked = False
        while True:
            now = time.monotonic()
            next_at = min(kill_at, times_out_at, now + RETRY_S)
            result = child.wait(max(0.0, next_at - now), wake=self._wake_r)
            if result is not None:
                return result
            self._records.retry()
            self._drain_wakes()
            now = time.monotonic()
            if now >= times_out_at:
                times_out_at = float("inf")
                self.request_stop(f"timed out after {timeout_s:g} s")
            if self._stop_reason and not asked:
                asked, kill_at = True, now + self._grace_s
                child.terminate()
            elif now >= kill_at:
                kill_at = float("inf")
                child.kill()

    def _drain_wakes(self) -> None:
        try:
            os.read(self._wake_r, 4096)
        except BlockingIOError:
            return

    def _reason(self, where: str, result: Exit) -> str:
        if self._stop_reason:
            return self._stop_reason
        if self._limits.ran_out() and not result.ok:
            return f"out of memory: more than {self._bundle.memory_bytes} bytes"
        if where == "setup" and not result.ok:
            code, number = result.exit_code, result.signal
            how = f"exit code {code}" if number is None else f"signal {number}"
            return f"setup ended with {how}"
        return ""

    def _end(self, where: str, result: Exit, *, reason: str) -> None:
        self._records.phase("uploading")
        self._link.finish_uploads(float(os.environ.get("LAB_UPLOAD_WAIT_S", "600")))
        how: dict[str, Json] = (
            {"exit_code": result.exit_code} if result.signal is None else {"signal": result.signal}
        )
        oom = self._limits.ran_out() and not result.ok
        self._limits.remove()
        self._records.phase(
            "ended", **how, **{"in": where}, oom=oom, reason=self._records.redact(reason)
        )
        until = time.monotonic() + float(os.environ.get("LAB_LINGER_S", LINGER_S))
        while not self._records.retry() and time.monotonic() < until:
            time.sleep(RETRY_S)
        self._link.finish_shipping(max(0.0, until - time.monotonic()))


def main(arguments: Sequence[str]) -> int:
    """0 when the attempt has been run to its end here, or belongs to another wrapper."""
    if len(arguments) != 1:
        print("usage: python -I -S lab/node/__main__.py <run_dir>", file=sys.stderr)
        return 2
    run_dir = Path(arguments[0]).resolve()
    if not _claim(run_dir):
        return 0
    bundle_path = run_dir / "bundle.json"
    try:
        bundle = read_bundle(bundle_path)
    except (BundleError, OSError) as error:
        _refuse(run_dir, str(error))
        return 1
    bundle_path.unlink()
    wrapper = Wrapper(bundle, run_dir)
    signal.signal(signal.SIGTERM, lambda *_: wrapper.request_stop("stopped by SIGTERM"))
    signal.signal(signal.SIGINT, lambda *_: wrapper.request_stop("stopped by SIGINT"))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    adopt_orphans()
    wrapper.run()
    return 0


def _claim(run_dir: Path) -> bool:
    try:
        descriptor = os.open(run_dir / "claim", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    os.write(descriptor, f"{os.uname().nodename} {os.getpid()} {_boot_id()}\n".encode())
    os.close(descriptor)
    return True


def _refuse(run_dir: Path, reason: str) -> None:
    records = NodeRecords(run_dir, changed=threading.Event())
    records.phase("claimed", host=os.uname().nodename, pid=os.getpid(), boot=_boot_id())
    records.phase("ended", exit_code=1, **{"in": "setup"}, oom=False, reason=reason)


# Loaded when there is work for them: hashlib and shutil cost a start 10 ms.
def _workdir() -> ModuleType:
    return importlib.import_module("lab.node.workdir")


def _venvs() -> ModuleType:
    return importlib.import_module("lab.node.venvs")


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip()


def _share_of(cores: Sequence[int], cpus: float | None) -> Sequence[int]:
    """Affinity is set only when asked for by ``LAB_PIN_CPUS``: several jobs would share core 0."""
    if cpus is None or os.environ.get("LAB_PIN_CPUS") != "1":
        return ()
    return cores[: max(1, round(cpus))]


def _credentials(bundle: Bundle) -> list[str]:
    """User and password that a git address may carry."""
    if bundle.git is None or "@" not in bundle.git.url or "://" not in bundle.git.url:
        return []
    return bundle.git.url.partition("://")[2].rpartition("@")[0].split(":")
