"""Looking for planted secrets in all the places where none may be."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def arguments() -> dict[str, str]:
    """The arguments of every process, as everybody on the machine may read them."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            text = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            found[f"{folder}: {text[:200]}"] = text
    return found


def leaks(places: Mapping[str, str], canaries: list[str]) -> dict[str, str]:
    """Where a canary was found, and which."""
    return {
        place: canary for place, text in places.items() for canary in canaries if canary in text
    }
