"""Write the golden files that are missing: ``python -m tests.golden.write``. Never overwrites one.

A golden file is a promise that what was stored can be read for ever; edit none by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from domain.codec import encode, topic
from domain.events import ALL
from domain.model import Event
from tests.golden.samples import sample_event

EVENTS = Path(__file__).parent / "events"


def write_missing(classes: Iterable[type[Event]], folder: Path = EVENTS) -> list[str]:
    """The topics for which a file was written now."""
    folder.mkdir(exist_ok=True)
    written: list[str] = []
    for cls in classes:
        path = folder / f"{topic(cls)}.json"
        if not path.exists():
            path.write_bytes(encode(sample_event(cls))[1] + b"\n")
            written.append(topic(cls))
    return written


if __name__ == "__main__":
    for name in write_missing(ALL):
        print(f"wrote {name}")
