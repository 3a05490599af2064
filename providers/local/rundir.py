"""One attempt's folder on this machine: what is written there, and what can be read back after any crash.

The layout is ``docs/node-protocol.md``. Processes are named by pid *and* start time, so that a pid
that was given away again is never taken for ours.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from domain.observations import Observation, Phase
from providers.local.slots import Slot
from providers.node_status import PHASES, Status, exit_of, moment

T = TypeVar("T")


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """``started`` is field 22 of /proc/<pid>/stat: clock ticks after boot, see proc(5)."""

    pid: int
    started: int

    def is_alive(self) -> bool:
        return start_ticks(self.pid) == self.started


class RunDir:
    """The folder of one attempt, named by its token."""

    def __init__(self, root: Path, token: str) -> None:
        self.path = root / token
        self.token = token

    def slot(self) -> Slot | None:
        return _read(self.path / "slot.json", Slot)

    def process(self) -> Process | None:
        return _read(self.path / "process.json", Process)

    def status(self) -> Status | None:
        return _read(self.path / "status.json", Status)

    def is_claimed(self) -> bool:
        return (self.path / "claim").exists()

    def has_ended(self) -> bool:
        status = self.status()
        return status is not None and status.phase == "ended"

    def wrapper(self) -> Process | None:
        """The wrapper while it lives, as recorded by us or by itself."""
        known = self.process()
        if known and known.is_alive():
            return known
        status = self.status()
        if status and status.pid:
            ticks = start_ticks(status.pid)
            if ticks and _is_wrapper(status.pid, self.path):
                return Process(pid=status.pid, started=ticks)
        return None

    def write(self, name: str, value: object) -> None:
        """Replace ``name`` in one step, readable by us alone."""
        target = self.path / name
        temporary = target.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(json.dumps(msgspec.to_builtins(value)).encode())
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(target)

    def observe(self) -> Observation | None:
        """What is known of the attempt now, or ``None`` when there is no such folder."""
        slot = self.slot()
        if slot is None:
            return None
        alive = self.wrapper() is not None  # asked first: what it wrote before it ended counts
        status = self.status()
        at = datetime.fromtimestamp(status.t, UTC) if status else self._made_at()
        phase = PHASES.get(status.phase, Phase.PROVISIONING) if status else Phase.PROVISIONING
        seen = Observation(
            attempt=slot.attempt,
            phase=phase,
            at=at,
            source="provider",
            host=status.host if status else "",
            started_at=moment(status.started_at) if status else None,
        )
        if phase is Phase.ENDED and status:
            return replace(seen, exit=exit_of(status))
        if not alive and (self.process() or self.is_claimed()):
            reason = "The job's wrapper process disappeared without reporting an exit."
            return replace(seen, phase=Phase.GONE, reason=reason)
        return seen

    def journals(self) -> Iterator[tuple[str, Path]]:
        """``(stream, file)`` of every journal; SDK streams first, so that ``ended`` comes last."""
        found = sorted((self.path / "journal").glob("*.jsonl"))
        yield from ((f.stem, f) for f in found if f.stem != "node")
        yield from ((f.stem, f) for f in found if f.stem == "node")

    def confirm(self, collected: Mapping[str, int]) -> None:
        """Tell a wrapper that lingers after its end how much of its journal has arrived."""
        if collected and self.has_ended() and self.wrapper() is not None:
            self.write("collected.json", dict(collected))

    def _made_at(self) -> datetime:
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC)


def start_ticks(pid: int) -> int:
    """When the process started, or 0 when it is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    fields = text.rpartition(")")[2].split()
    return 0 if fields[0] in "ZX" else int(fields[19])


def _is_wrapper(pid: int, path: Path) -> bool:
    try:
        return os.fsencode(path) in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
