"""Sends the journal's streams to the server from the offsets it confirms, without gap or double."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lab.node.asking import Backoff, JobOver, Unreachable
from lab.node.status import write_acked

if TYPE_CHECKING:
    from lab.node.transport import Connection

BODY_BYTES = 1024 * 1024
GATHER_S = 0.02
LOOK_S = 0.25
HEARTBEAT_S = 10.0
SAVE_ACKED_S = 1.0


class Stop(NamedTuple):
    """The server's wish. ``grace_s`` None keeps the bundle's."""

    reason: str
    grace_s: float | None = None


class Address(NamedTuple):
    """Whose journal it is."""

    run_dir: Path
    attempt: int
    node: int


class Shipper:
    """``run`` belongs to one thread; ``changed`` wakes it; ``on_stop`` is called from it."""

    def __init__(
        self,
        address: Address,
        connection: Connection,
        *,
        changed: threading.Event,
        on_stop: Callable[[Stop], None],
    ) -> None:
        self._address = address
        self._journal = address.run_dir / "journal"
        self._connection = connection
        self._changed = changed
        self._on_stop = on_stop
        self._offsets = _read_acked(address.run_dir / "acked.json")
        self._acked_written_at = 0.0
        self._sent_at = 0.0
        self._over = threading.Event()

    @property
    def over(self) -> bool:
        """The server wants nothing more from this job."""
        return self._over.is_set()

    def run(self, finished: threading.Event) -> None:
        """Until everything is confirmed after ``finished``, or the server refuses for good."""
        backoff = Backoff()
        while not self.over:
            last_round = finished.is_set()
            try:
                while self._ship_once():
                    backoff.reset()
                if last_round and self.all_acked():
                    break
                self._beat()
                backoff.reset()
            except JobOver:
                self._over.set()
                self._on_stop(Stop(reason="the server has ended this job"))
            except Unreachable:
                backoff.wait(self._over)
                continue
            if not last_round and self._changed.wait(LOOK_S):
                time.sleep(GATHER_S)
                self._changed.clear()
        write_acked(self._address.run_dir, self._offsets)
        self._connection.close()

    def all_acked(self) -> bool:
        return self._acked(self._streams())

    def _acked(self, paths: list[Path]) -> bool:
        return all(_whole_lines(path) <= self._offsets.get(path.stem, 0) for path in paths)

    def _streams(self) -> list[Path]:
        # SDK records go first, so that the node's ``ended`` arrives after what led to it.
        paths = self._journal.glob("*.jsonl")
        return sorted(paths, key=lambda path: (path.stem == "node", path.stem))

    def _ship_once(self) -> bool:
        """One body per stream; whether anything was confirmed."""
        advanced = False
        for path in self._streams():
            offset = self._offsets.get(path.stem, 0)
            body = _lines_from(path, offset)
            if body and not self._too_early(path, body):
                advanced = self._send(path.stem, offset, body=body) > offset or advanced
        return advanced

    def _too_early(self, path: Path, body: bytes) -> bool:
        """The end is told after all that led to it: an ended job takes no result."""
        if path.stem != "node" or b'"phase":"ended"' not in body:
            return False
        return not self._acked([other for other in self._streams() if other.stem != "node"])

    def _beat(self) -> None:
        if time.monotonic() - self._sent_at >= HEARTBEAT_S:
            self._send("node", self._offsets.get("node", 0), body=b"")

    def _send(self, stream: str, offset: int, *, body: bytes) -> int:
        query: dict[str, object] = {
            "attempt": self._address.attempt,
            "node": self._address.node,
            "stream": stream,
            "offset": offset,
        }
        answer = self._connection.post("/node/v1/journal", body=body, query=query)
        if answer.status not in (200, 409):
            raise Unreachable(f"journal: {answer.status} {answer.body}")
        self._sent_at = time.monotonic()
        confirmed = int(answer.body["next"])
        self._offsets[stream] = confirmed
        stop = answer.body.get("stop")
        if stop:
            self._on_stop(Stop(reason=str(stop.get("reason", "")), grace_s=stop.get("grace_s")))
        if self._sent_at - self._acked_written_at >= SAVE_ACKED_S:
            self._acked_written_at = self._sent_at
            write_acked(self._address.run_dir, self._offsets)
        return confirmed


def _lines_from(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(BODY_BYTES)
    return data[: data.rfind(b"\n") + 1]


def _whole_lines(path: Path) -> int:
    """Bytes up to the last newline; a line may be half written by a process that was killed."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - BODY_BYTES))
        tail = file.read()
    return size - (len(tail) - (tail.rfind(b"\n") + 1))


def _read_acked(path: Path) -> dict[str, int]:
    try:
        return {str(k): int(v) for k, v in json.loads(path.read_text("utf-8")).items()}
    except (FileNotFoundError, ValueError):
        return {}
