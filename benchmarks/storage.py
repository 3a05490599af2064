"""What the local artifact store costs over a plain synced file copy, and over a read that hashes.

Run ``python -m benchmarks.storage``; ``rows()`` is for a collecting report.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.result import Row, row, show
from providers.storage.base import CHUNK_BYTES, ArtifactStore
from providers.storage.local import LocalStore

SIZE = 128 * 1024 * 1024
SMALL = 16 * 1024
FILES = 200
TIMES = 3


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        store = LocalStore(root / "store")
        data = os.urandom(SIZE)
        sha256 = hashlib.sha256(data).hexdigest()
        return [
            row(
                "upload in 8 MiB chunks, hashed and synced (MB/s)",
                _rate(lambda: _upload(store, data, sha256)),
                floor=_rate(lambda: _copy(root / "plain", data)),
                budget="> 0.25 of the floor",
            ),
            row(
                "download, verified (MB/s)",
                _rate(lambda: _drain(store, sha256)),
                floor=_rate(lambda: _read_and_hash(root / "plain")),
                budget="> 0.6 of the floor",
            ),
            row(
                "16 KiB blobs put, each synced (a second)",
                _per_second(lambda n: store.put(n.to_bytes(8, "big") * (SMALL // 8))),
                floor=_per_second(lambda n: _copy(root / f"file-{n}", bytes(SMALL))),
                budget="> 0.3 of the floor",
            ),
        ]


def _upload(store: ArtifactStore, data: bytes, sha256: str) -> None:
    store.delete(sha256)
    offset, have = 0, False
    while not have:
        chunk = data[offset : offset + CHUNK_BYTES]
        offset, have = store.write(sha256, offset=offset, size=len(data), chunk=chunk)


def _drain(store: ArtifactStore, sha256: str) -> None:
    for _ in store.read(sha256):
        pass


def _copy(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _read_and_hash(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        hashlib.file_digest(file, "sha256")


def _rate(act: Callable[[], None]) -> float:
    return statistics.median(SIZE / 1e6 / _seconds(act) for _ in range(TIMES))


def _per_second(act: Callable[[int], object]) -> float:
    def every() -> None:
        for number in range(FILES):
            act(number)

    return FILES / _seconds(every)


def _seconds(act: Callable[[], None]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


if __name__ == "__main__":
    show(rows())
