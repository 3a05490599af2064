"""What an adapter may need of the host it runs on. Handed in; no adapter looks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """A folder of its own, the folder that holds the package ``lab``, and artifact bytes by SHA-256."""

    root: Path
    sdk: Path
    read_blob: Callable[[str], Iterator[bytes]]
