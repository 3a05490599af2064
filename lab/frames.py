"""Data frames to files, by the methods they have; pandas and its like are never imported."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol


class Frame(Protocol):
    """A table of pandas, polars or Hugging Face datasets."""

    @property
    def columns(self) -> Iterable[str]: ...


def write_frame(frame: Frame, folder: Path, *, name: str, as_lines: bool) -> Path:
    """CSV, or JSON lines. Raises TypeError when the frame has neither writer."""
    folder.mkdir(parents=True, exist_ok=True)
    safe = name.replace("/", "_").lstrip(".") or "frame"
    suffix = ".jsonl" if as_lines else ".csv"
    file = folder / (safe if safe.endswith(suffix) else safe + suffix)
    ways: tuple[tuple[str, dict[str, object]], ...] = (
        (("to_json", {"orient": "records", "lines": True}), ("write_ndjson", {}))
        if as_lines
        else (("to_csv", {"index": False}), ("write_csv", {}))
    )
    for method, options in ways:
        write = getattr(frame, method, None)
        if write is not None:
            write(str(file), **options)
            return file
    raise TypeError(f"a {type(frame).__name__} has none of {', '.join(way for way, _ in ways)}")
