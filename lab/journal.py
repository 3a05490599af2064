"""Append-only record files of a run: whole lines, one writer each, in memory while disk is full.

What the records mean is docs/node-protocol.md; who reads them is not this module's business.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
JsonMapping: TypeAlias = Mapping[str, Json]

BACKLOG_BYTES = 64 * 1024 * 1024
RECORD_BYTES = 64 * 1024
SAVE_RECORD_BYTES = 512 * 1024


def encode(record: JsonMapping) -> bytes:
    """One line with its newline. Raises ValueError for NaN and infinity, which are not JSON."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace") + b"\n"


class Journal:
    """Thread safe; may be entered again from a signal handler. Never raises for a full disk:
    up to 64 MiB wait in memory and are written, in order, by the next call that succeeds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dropped = 0
        self._lock = threading.RLock()
        self._backlog: list[bytes] = []
        self._backlog_bytes = 0
        self._file: int | None = None
        self._complained = False

    def write(self, lines: bytes) -> bool:
        """Append whole lines. False when they could not even be kept in memory."""
        with self._lock:
            if self._backlog_bytes + len(lines) > BACKLOG_BYTES and not self._drained():
                self.dropped += 1
                return False
            self._backlog.append(lines)
            self._backlog_bytes += len(lines)
            self._drained()
            return True

    def record(self, record: JsonMapping) -> bool:
        return self.write(encode(record))

    def retry(self) -> bool:
        """Try again what a full disk held back; True when nothing waits in memory."""
        with self._lock:
            return self._drained()

    def make_durable(self) -> None:
        """Wait until every record is on the disk. Raises OSError when it cannot be."""
        with self._lock:
            self._drain()
            if self._file is not None:
                os.fsync(self._file)

    def _drained(self) -> bool:
        try:
            self._drain()
        except OSError as error:
            self._complain(error)
            return False
        return True

    def _drain(self) -> None:
        while self._backlog:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
                self._file = os.open(self.path, flags, 0o600)
            chunk = self._backlog[0]
            written = os.write(self._file, chunk)
            self._backlog_bytes -= written
            if written == len(chunk):
                del self._backlog[0]
            else:
                self._backlog[0] = chunk[written:]

    def _complain(self, error: OSError) -> None:
        if not self._complained:
            self._complained = True
            print(f"lab: {self.path}: {error.strerror}; keeping records in memory", file=sys.stderr)
