"""A run with no job around it: the same layout below ``./.lab/runs``, for ``lab sync`` to upload.

With no wrapper to do it, the phases and the lines of ``lab.log`` are written here.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import time
from pathlib import Path
from types import TracebackType

from lab.config import write_parameters
from lab.journal import Journal, Json


class OfflineRun:
    """The node stream of a run that runs where its author sits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._node = Journal(folder / "journal" / "node.jsonl")
        self._lines = 0
        self._owner = os.getpid()
        self._failure = ""
        self._previous_hook = sys.excepthook

    def begin(self, *, experiment: str, name: str) -> None:
        about: dict[str, Json] = {"experiment": experiment, "name": name, "started_at": time.time()}
        (self.folder / "run.json").write_text(json.dumps(about), "utf-8")
        write_parameters(self.folder, {})
        here: dict[str, Json] = {"host": os.uname().nodename, "pid": os.getpid(), "boot": ""}
        self._node.record({"k": "phase", "t": time.time(), "phase": "claimed", **here})
        self._node.record({"k": "phase", "t": time.time(), "phase": "run"})
        sys.excepthook = self._on_exception
        atexit.register(self.end)

    def log(self, message: str) -> None:
        for text in message.splitlines() or [""]:
            self._lines += 1
            self._node.record(
                {
                    "k": "log",
                    "t": time.time(),
                    "n": self._lines,
                    "p": "run",
                    "s": "out",
                    "m": text[:15_000],
                }
            )

    def end(self) -> None:
        if os.getpid() == self._owner:
            end: dict[str, Json] = {"in": "run", "oom": False, "reason": self._failure}
            end["exit_code"] = 1 if self._failure else 0
            self._node.record({"k": "phase", "t": time.time(), "phase": "ended", **end})

    def _on_exception(
        self, kind: type[BaseException], value: BaseException, trace: TracebackType | None
    ) -> None:
        self._failure = f"{kind.__name__}: {value}"[:1000]
        self._previous_hook(kind, value, trace)


def new_run_folder(root: Path) -> Path:
    """``<root>/.lab/runs/<utc time>-<id>``, private to its owner."""
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    folder = root / ".lab" / "runs" / f"{stamp}-{os.urandom(4).hex()}"
    folder.mkdir(parents=True, mode=0o700)
    return folder
