"""``status.json``: the latest phase for a poller without a network, replaced as a whole."""

from __future__ import annotations

import json
import os
from pathlib import Path

from lab.journal import JsonMapping


def write_status(run_dir: Path, status: JsonMapping) -> None:
    """A full disk leaves the older status in place; the journal has the record."""
    _replace(run_dir / "status.json", status)


def write_acked(run_dir: Path, offsets: dict[str, int]) -> None:
    _replace(run_dir / "acked.json", dict(offsets))


def is_collected(run_dir: Path) -> bool:
    """Whether a collector has fetched every byte of every journal: ``collected.json`` says how far."""
    try:
        offsets = json.loads((run_dir / "collected.json").read_text("utf-8"))
        journals = list((run_dir / "journal").glob("*.jsonl"))
        return all(path.stat().st_size <= int(offsets.get(path.stem, 0)) for path in journals)
    except (OSError, ValueError, TypeError, AttributeError):
        return False


def _replace(path: Path, value: JsonMapping) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(json.dumps(value), "utf-8")
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
