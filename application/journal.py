"""The journal's records, decoded strictly. One bad line is refused alone, never the lines around it.

What no later part could hold is refused here too: times no calendar has, numbers no
column takes, kinds of artifact there are none of. A NUL, which PostgreSQL keeps in no text, becomes U+FFFD.

The format is ``docs/node-protocol.md``. Nothing is decided here.
"""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

import msgspec

from domain.artifacts import ArtifactKind

Seconds = Annotated[float, msgspec.Meta(ge=0, le=32_503_680_000)]
"""Unix seconds up to the year 3000."""
Finite = Annotated[float, msgspec.Meta(ge=-1.7e308, le=1.7e308)]
Small = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
Whole = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
Plain = str | Whole | Finite | bool | None
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


class PhaseChange(msgspec.Struct, frozen=True, tag_field="k", tag="phase", rename={"in_": "in"}):
    t: Seconds
    phase: str
    host: str = ""
    exit_code: Small | None = None
    signal: Small | None = None
    in_: str = "run"
    oom: bool = False
    reason: str = ""


class Line(msgspec.Struct, frozen=True, tag_field="k", tag="log"):
    t: Seconds
    n: Whole
    p: str
    s: str
    m: str


class Points(msgspec.Struct, frozen=True, tag_field="k", tag="m"):
    """Base64 in the journal, bytes here."""

    name: str
    s: bytes
    v: bytes
    t: bytes

    def __post_init__(self) -> None:
        if not len(self.s) == len(self.v) == len(self.t) or len(self.s) % 8:
            message = "s, v and t must hold equally many 8-byte values"
            raise ValueError(message)


class ProgressReport(msgspec.Struct, frozen=True, tag_field="k", tag="progress"):
    t: Seconds
    percent: Finite
    message: str = ""


class SavedFile(msgspec.Struct, frozen=True):
    path: str
    sha256: str
    size: Whole


class Save(msgspec.Struct, frozen=True, tag_field="k", tag="save"):
    """Staged on the node; the fact follows as ``saved`` when the bytes are in the store."""

    t: Seconds
    id: str


class Saved(msgspec.Struct, frozen=True, tag_field="k", tag="saved"):
    t: Seconds
    id: str
    kind: ArtifactKind
    name: str
    files: list[SavedFile]
    step: Whole | None = None
    metadata: dict[str, Plain] = {}
    spooled: bool = False


class ResultReport(msgspec.Struct, frozen=True, tag_field="k", tag="result"):
    t: Seconds
    score: dict[str, Finite] = {}
    message: str = ""


class ErrorReport(msgspec.Struct, frozen=True, tag_field="k", tag="error"):
    t: Seconds
    message: str


Record: TypeAlias = (
    PhaseChange | Line | Points | ProgressReport | Save | Saved | ResultReport | ErrorReport
)
_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


def read_journal(body: bytes) -> tuple[list[Record], int]:
    """The records of the whole lines of ``body``, and how many bytes those lines are.

    Stops before an ``ended`` that is not the first, so that it is applied alone: when a job is known
    to be over, all that was said before it is stored. Lines this version does not know (a newer
    wrapper's, or garbage) are passed over.
    """
    records: list[Record] = []
    length = 0
    for line in body[: body.rfind(b"\n") + 1].split(b"\n")[:-1]:
        record = _decode(line)
        if length and isinstance(record, PhaseChange) and record.phase == "ended":
            break
        if record is not None:
            records.append(record)
        length += len(line) + 1
    return records, length


def _decode(line: bytes) -> Record | None:
    try:
        return _decoder.decode(without_nul(line))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def without_nul(line: bytes) -> bytes:
    """JSON text may say ``\\u0000``; an even number of backslashes before it means it does not."""
    return _NUL.sub(rb"\1\\ufffd", line) if b"\\u0000" in line else line
