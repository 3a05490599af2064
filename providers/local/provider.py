"""The Local adapter: starts the node wrapper as a detached process and finds it again by its folder.

Nothing is kept in memory, so a restarted server knows every job it started; jobs outlive it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from domain.job_spec import JobSpec
from domain.observations import Observation
from domain.resources import Accelerator
from providers.base import (
    Capabilities,
    Check,
    ComputeProvider,
    Handle,
    JobRequest,
    Living,
    LogChunk,
    NoCapacity,
    Offer,
    SpoolChunk,
    SubmissionRefused,
    Submitted,
    Wait,
)
from providers.local.bundle import bundle_of
from providers.local.rundir import Process, RunDir, start_ticks
from providers.local.settings import HOOKS, Capacity, LocalSettings, capacity
from providers.local.slots import Slot, place
from providers.prices import read_prices
from providers.surroundings import Surroundings

LOG_LIMIT = 256 * 1024
FREE_DISK_BYTES = 512 * 1024**2


class LocalProvider(ComputeProvider):
    """``root`` holds one folder per attempt, named by its token."""

    kind: ClassVar[str] = "local"
    capabilities: ClassVar[Capabilities] = Capabilities(slots=True)

    def __init__(self, settings: LocalSettings, around: Surroundings) -> None:
        self.settings = settings
        self.root = around.root
        self.sdk = around.sdk
        self.around = around
        self.has: Capacity = capacity(settings)
        self.prices = read_prices(settings, provider=self.kind)
        self.children: list[int] = []
        self._over: set[str] = set()
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def check(self) -> Check:
        free = shutil.disk_usage(self.root).free
        wrapper = self.sdk / "lab" / "node" / "__main__.py"
        has = self.has
        return Check(
            rows=(
                (
                    "job folder",
                    os.access(self.root, os.W_OK),
                    "Labledger must be able to write there",
                ),
                ("disk", free > FREE_DISK_BYTES, f"{free / 1024**3:.1f} GiB free"),
                ("node wrapper", wrapper.exists(), "ships with Labledger"),
                ("bash", shutil.which("bash") is not None, "setup and run are bash scripts"),
                (
                    "capacity",
                    True,
                    f"{has.cpus:g} CPUs, {has.memory_gib:.1f} GiB, {has.accelerator_count} accelerators",
                ),
            )
        )

    def offers(self) -> Sequence[Offer]:
        has = self.has
        per_kind = [self._offer(f"this machine, {a.kind}", a) for a in has.accelerators]
        return [*per_kind, self._offer("this machine")]

    def _offer(self, name: str, *with_: Accelerator) -> Offer:
        has = self.has
        return Offer(
            name=name,
            accelerator=with_[0].kind if with_ else "",
            accelerator_count=with_[0].count if with_ else 0,
            cpus=has.cpus,
            memory_gib=has.memory_gib,
            price_per_hour=self.prices.of_machine(
                cpus=has.cpus, memory_gib=has.memory_gib, has=with_
            ),
            currency=self.around.currency,
        )

    def price(self, spec: JobSpec) -> float:
        return self.prices.of(spec.resources)

    def admit(self, spec: JobSpec, *, owner: str = "") -> Wait | None:
        placed = place(spec, job="", attempt=0, has=self.has, held=self._held())
        return placed if isinstance(placed, Wait) else None

    def submit(self, request: JobRequest) -> Submitted:
        run = RunDir(self.root, request.token)
        with self._lock():
            if run.process() is None and not run.is_claimed():
                self._start(run, request)
        return Submitted(handle=Handle(request.token))

    def find(self, token: str, *, owner: str = "") -> Handle | None:
        run = RunDir(self.root, token)
        return Handle(token) if run.process() or run.is_claimed() else None

    def observe(self, handles: Sequence[Handle]) -> Mapping[Handle, Observation]:
        self._reap()
        seen = {handle: RunDir(self.root, handle).observe() for handle in handles}
        return {handle: found for handle, found in seen.items() if found is not None}

    def stop(self, handle: Handle, *, grace_s: float) -> None:
        run = RunDir(self.root, handle)
        if run.slot() is None or run.has_ended():
            return
        run.write("grace.json", {"grace_s": grace_s})
        wrapper = run.wrapper()
        if wrapper:
            with suppress(ProcessLookupError):
                os.kill(wrapper.pid, signal.SIGTERM)

    def logs(self, handle: Handle, *, after: str) -> LogChunk:
        start = int(after or 0)
        try:
            with (self.root / handle / "wrapper.log").open("rb") as log:
                log.seek(start)
                data = log.read(LOG_LIMIT)
        except FileNotFoundError:
            data = b""
        end = data.rfind(b"\n") + 1
        lines = tuple(data[:end].decode(errors="replace").splitlines())
        return LogChunk(lines=lines, cursor=str(start + end))

    def census(self) -> Sequence[Living]:
        return [
            Living(token=run.token, handle=Handle(run.token), since=_made_at(run.path))
            for run, _ in self._not_ended()
            if run.wrapper() is not None
        ]

    def cleanup(self, handle: Handle) -> None:
        run = RunDir(self.root, handle)
        if run.wrapper() is None:
            shutil.rmtree(run.path, ignore_errors=True)

    def spool(
        self, handle: Handle, offsets: Mapping[tuple[int, str], int], *, limit: int
    ) -> Sequence[SpoolChunk]:
        chunks = []
        run = RunDir(self.root, handle)
        run.confirm({stream: offset for (_, stream), offset in offsets.items()})
        for stream, path in run.journals():
            start = offsets.get((0, stream), 0)
            with path.open("rb") as journal:
                journal.seek(start)
                body = journal.read(limit)
            if body:
                chunks.append(SpoolChunk(stream=stream, node=0, offset=start, body=body))
        return chunks

    def spooled_blob(self, handle: Handle, sha256: str) -> bytes | None:
        path = self.root / handle / "blobs" / sha256
        return path.read_bytes() if path.is_file() else None

    def _start(self, run: RunDir, request: JobRequest) -> None:
        slot = place(
            request.spec,
            job=request.job,
            attempt=request.attempt,
            has=self.has,
            held=self._held(run.token),
        )
        if isinstance(slot, Wait):
            refusal = SubmissionRefused if slot.forever else NoCapacity
            raise refusal(provider="local", reason=slot.text)
        self._fill(run, request, slot)
        self.around.reached("local.filled")
        process = self._spawn(run, slot)
        self.around.reached("local.spawned")
        run.write("process.json", process)
        self.around.reached("local.written")

    def _fill(self, run: RunDir, request: JobRequest, slot: Slot) -> None:
        for folder in (run.path, run.path / "blobs", run.path / "journal", run.path / "work"):
            folder.mkdir(mode=0o700, exist_ok=True)
        run.write("slot.json", slot)
        hooks = {name: getattr(self.settings, name) for name in HOOKS}
        run.write("bundle.json", bundle_of(request, slot, hooks=hooks, sdk=self.sdk, run=run.path,
                                           cache=self.root / "cache"))  # fmt: skip
        wanted = [f.sha256 for f in request.spec.files]
        wanted += [str(f["sha256"]) for f in request.resume.files] if request.resume else []
        for sha256 in wanted:
            self._place_blob(run.path / "blobs" / sha256, sha256)

    def _place_blob(self, target: Path, sha256: str) -> None:
        if target.exists():
            return
        partial = target.with_suffix(".part")
        with partial.open("wb") as out:
            out.writelines(self.around.read_blob(sha256))
        partial.replace(target)

    def _spawn(self, run: RunDir, slot: Slot) -> Process:
        """Start the wrapper in a session of its own, so that it outlives us; without site: it needs no packages."""
        env = {k: v for k, v in os.environ.items() if k in PASSED_ON}
        env["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, slot.accelerators))
        log = str(run.path / "wrapper.log")
        wrapper = str(self.sdk / "lab" / "node" / "__main__.py")
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-S", wrapper, str(run.path)],
            env,
            setsid=True,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
        )
        self.children.append(pid)
        return Process(pid=pid, started=start_ticks(pid))

    def _held(self, but: str = "") -> list[Slot]:
        """Slots of attempts that may still run. A folder that was never started counts until it is swept."""
        return [
            slot
            for run, slot in self._not_ended()
            if run.token != but and not (run.is_claimed() and run.wrapper() is None)
        ]

    def _not_ended(self) -> list[tuple[RunDir, Slot]]:
        """Attempts that have not written their end. One whose wrapper is gone too is not read again."""
        names = set(os.listdir(self.root))  # noqa: PTH208  # the names alone
        begun = [(run, run.slot()) for run in self._runs(names - self._over)]
        ended = {run.token: run for run, _ in begun if run.has_ended()}
        over = {token for token, run in ended.items() if run.wrapper() is None}
        self._over = (self._over & names) | over
        return [(run, slot) for run, slot in begun if slot and run.token not in ended]

    def _runs(self, names: set[str]) -> Iterator[RunDir]:
        for name in sorted(names):
            if (self.root / name / "slot.json").exists():
                yield RunDir(self.root, name)

    def _reap(self) -> None:
        """Let the kernel forget children that ended; those of an earlier server are init's."""
        for pid in list(self.children):
            with suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG) == (0, 0):
                    continue
            self.children.remove(pid)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self.root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


PASSED_ON = frozenset(
    {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "LC_ALL",
        "TZ",
        "TMPDIR",
        "SHELL",
        "LD_LIBRARY_PATH",
    }
    | {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}
    | {"SSL_CERT_FILE", "PIP_INDEX_URL", "PIP_CONFIG_FILE", "UV_INDEX_URL", "HF_HOME"}
)
"""Of the server's environment, what a job may see: never its database URL or keys."""


def _made_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
