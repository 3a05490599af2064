"""The node stream: phases, numbered log lines, uploads; one writer for all threads."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from json.encoder import encode_basestring
from pathlib import Path

from lab.journal import RECORD_BYTES, Journal, Json, encode
from lab.node.status import write_status
from lab.redaction import Redactor

# The record's other fields, with room to spare.
TEXT_BYTES = RECORD_BYTES - 512


class NodeRecords:
    """Line numbers are given here, to lines that are kept; so they have no gaps."""

    def __init__(self, run_dir: Path, *, changed: threading.Event) -> None:
        self.redact = Redactor(())
        self.phase_now = ""
        self._run_dir = run_dir
        self._journal = Journal(run_dir / "journal" / "node.jsonl")
        self._changed = changed
        self._lock = threading.Lock()
        self._lines = 0

    def phase(self, phase: str, **facts: Json) -> None:
        record: dict[str, Json] = {"k": "phase", "t": time.time(), "phase": phase, **facts}
        self.phase_now = phase
        self.write(encode(record))
        write_status(self._run_dir, {**record, "wrapper_pid": os.getpid()})

    def log(self, texts: Sequence[tuple[str, bool]], *, phase: str, stream: str) -> None:
        """Lines already redacted, each with whether it was cut."""
        now = f"{time.time():.6f}"
        with self._lock:
            lines = []
            for number, (text, cut) in enumerate(texts, self._lines + 1):
                quoted, cut_now = _quoted(text)
                mark = ',"cut":true' if cut or cut_now else ""
                lines.append(
                    f'{{"k":"log","t":{now},"n":{number},"p":"{phase}","s":"{stream}",'
                    f'"m":{quoted}{mark}}}\n'
                )
            if self._journal.write("".join(lines).encode("utf-8", "replace")):
                self._lines += len(texts)
        self._changed.set()

    def say(self, text: str) -> None:
        """A line of the wrapper's own."""
        phase = "setup" if self.phase_now in ("claimed", "setup") else "run"
        self.log([(self.redact(text), False)], phase=phase, stream="lab")

    def write(self, lines: bytes) -> None:
        self._journal.write(lines)
        self._changed.set()

    def retry(self) -> bool:
        return self._journal.retry()


def _quoted(text: str) -> tuple[str, bool]:
    quoted = encode_basestring(text)
    if len(quoted) * 4 <= TEXT_BYTES or len(quoted.encode("utf-8", "replace")) <= TEXT_BYTES:
        return quoted, False
    return encode_basestring(text[: TEXT_BYTES // 6]), True
