"""An exported audit log, verified without a server: which line is not as it was written, and who signed it.

Each event is held against the hash chain by the hash before its own; the seal runs over all lines, and
its signature tells whose they are. Not here: the chain of the whole log, which the server keeps.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any  # parsed JSON

from lab.cli.ed25519 import holds

Row = dict[str, Any]


class NoExport(ValueError):
    """The file is none of ours."""


@dataclass
class Verdict:
    """``breaks`` are positions, in the order of the file; empty when it is as it was written."""

    rows: int = 0
    breaks: list[int] = field(default_factory=list)
    sealed: bool = False
    signed: bool = False
    key: str = ""

    @property
    def good(self) -> bool:
        return not self.breaks and self.sealed and self.signed


def verify(lines: Iterator[str]) -> Verdict:
    """``NoExport`` for a file that does not begin as one."""
    first = next(lines, "").rstrip("\n")
    head = _parsed(first)
    if head.get("labledger") != "audit":
        raise NoExport("it is no exported audit log")
    formulas = [(int(start), int(number)) for start, number in head.get("formulas", [])]
    verdict, seal, before, last = Verdict(), _sealed(b"", first), 0, ""
    for text in lines:
        line = text.rstrip("\n")
        row = _parsed(line)
        if "seal" in row:
            _end(verdict, row, seal)
            return verdict
        verdict.rows += 1
        position = int(row.get("position", 0))
        adjacent = position == before + 1 and bool(last)
        follows = position > before and (not adjacent or row.get("before") == last)
        if not (follows and row.get("so_far") == seal.hex() and _chained(row, formulas)):
            verdict.breaks.append(position)
        before, last = position, str(row.get("hash", ""))
        seal = _sealed(_hex(row.get("so_far")), line)  # so that what follows is told from this
    return verdict


def _end(verdict: Verdict, row: Row, seal: bytes) -> None:
    verdict.sealed = row.get("seal") == seal.hex() and row.get("rows") == verdict.rows
    verdict.key = str(row.get("key", ""))
    verdict.signed = holds(verdict.key, seal, str(row.get("signature", "")))


def _chained(row: Row, formulas: Sequence[tuple[int, int]]) -> bool:
    """Whether the row's content gives its hash after the one before it."""
    try:
        formula = [number for start, number in sorted(formulas) if start <= row["position"]][-1]
        said = [str(row["position"]), row["stream"], str(row["version"]), row["name"]]
        said += [str(row["recorded_at"])] if formula > 1 else []
        text = "\n".join([*said, ""]).encode() + row["state"].encode()
        made = hashlib.sha256(bytes.fromhex(row["before"]) + text).hexdigest()
        told = json.loads(row["state"])
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return False
    return bool(made == row["hash"] and told.get("by", "") == row.get("by"))


def _hex(text: object) -> bytes:
    try:
        return bytes.fromhex(str(text))
    except ValueError:
        return b""


def _sealed(before: bytes, line: str) -> bytes:
    return hashlib.sha256(before + line.encode()).digest()


def _parsed(line: str) -> Row:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
