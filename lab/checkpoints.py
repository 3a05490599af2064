"""Which checkpoint to go on from: found in this run's journals, given back as a folder."""

from __future__ import annotations

import json
import re
from pathlib import Path

from lab.run import Run


def newest_own_checkpoint(run: Run) -> Path | None:
    """The newest complete checkpoint of this run that can still be read, else None."""
    found: list[tuple[float, str]] = []
    for journal in (run.folder / "journal").glob("sdk-*.jsonl"):
        found += _checkpoints_in(journal)
    for _, name in sorted(found, reverse=True):
        folder = run.saved_folder("checkpoint") / re.sub(r"[^\w.@+=-]", "_", name).lstrip(".")
        if folder.is_dir():
            return folder
    return None


def _checkpoints_in(journal: Path) -> list[tuple[float, str]]:
    found = []
    with journal.open("rb") as lines:
        for line in lines:
            if b'"k":"save"' in line and line.endswith(b"\n"):
                record = json.loads(line)
                if record["kind"] == "checkpoint":
                    found.append((float(record["t"]), str(record["name"])))
    return found
