"""What an offline run's journals say: what was confirmed, and how it ended.

Not here: sending them (``lab/sync.py``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # parsed JSON records

from lab.journal import Journal, Json

KILLED = "It ended without saying how: the process was killed, or its machine stopped."


def confirmed_saves(run_dir: Path) -> frozenset[str]:
    """The ids of saves whose bytes the server has."""
    saved = (r for r in _records(_node(run_dir), "saved") if not r.get("spooled"))
    return frozenset(str(record["id"]) for record in saved)


def still_runs(run_dir: Path) -> bool:
    """Whether the process that records is known to live on this machine."""
    for record in _records(_node(run_dir), "phase"):
        if record.get("phase") == "claimed" and record.get("host") == os.uname().nodename:
            return _alive(int(record.get("pid") or 0))
    return False


def end_run(run_dir: Path) -> None:
    """Write ``ended`` for a run that could not do so itself: well when it told a result, else failed.

    Repeatable. A last line that was cut off is closed, so that what follows is read.
    """
    if any(r.get("phase") == "ended" for r in _records(_node(run_dir), "phase")):
        return
    streams = sorted((run_dir / "journal").glob("sdk-*.jsonl"))
    errors = [r for path in streams for r in _records(path, "error")]
    results = [r for path in streams for r in _records(path, "result")]
    reason = str(errors[-1].get("message", "")) if errors else "" if results else KILLED
    end: dict[str, Json] = {"in": "run", "oom": False, "reason": reason[:1000]}
    end |= {"exit_code": 1 if reason else 0, "t": _last_written(run_dir)}
    node = Journal(_node(run_dir))
    node.write(b"" if _ends_whole(node.path) else b"\n")
    node.record({"k": "phase", "phase": "ended", **end})


def _node(run_dir: Path) -> Path:
    return run_dir / "journal" / "node.jsonl"


def _records(path: Path, kind: str) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    mark = f'"k":"{kind}"'.encode()
    with path.open("rb") as file:
        for line in file:
            if mark in line and line.endswith(b"\n"):
                record = json.loads(line)
                if record.get("k") == kind:
                    yield record


def _last_written(run_dir: Path) -> float:
    """Unix seconds; of the files, for the records of metrics hold no plain time."""
    times = [path.stat().st_mtime for path in (run_dir / "journal").glob("*.jsonl")]
    return max(times, default=(run_dir / "run.json").stat().st_mtime)


def _ends_whole(path: Path) -> bool:
    if not path.exists() or not path.stat().st_size:
        return True
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
