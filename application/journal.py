"""The journal's records, decoded strictly. One bad line is refused alone, never the lines around it.

The format is ``docs/node-protocol.md``. Nothing is decided here.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from domain.job_spec import Scalar


class PhaseChange(msgspec.Struct, frozen=True, tag_field="k", tag="phase", rename={"in_": "in"}):
    t: float
    phase: str
    host: str = ""
    exit_code: int | None = None
    signal: int | None = None
    in_: str = "run"
    oom: bool = False
    reason: str = ""


class Line(msgspec.Struct, frozen=True, tag_field="k", tag="log"):
    t: float
    n: int
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
    t: float
    percent: float
    message: str = ""


class SavedFile(msgspec.Struct, frozen=True):
    path: str
    sha256: str
    size: int


class Save(msgspec.Struct, frozen=True, tag_field="k", tag="save"):
    """Staged on the node; the fact follows as ``saved`` when the bytes are in the store."""

    t: float
    id: str


class Saved(msgspec.Struct, frozen=True, tag_field="k", tag="saved"):
    t: float
    id: str
    kind: str
    name: str
    files: list[SavedFile]
    step: int | None = None
    metadata: dict[str, Scalar] = {}
    spooled: bool = False


class ResultReport(msgspec.Struct, frozen=True, tag_field="k", tag="result"):
    t: float
    score: dict[str, float] = {}
    message: str = ""


class ErrorReport(msgspec.Struct, frozen=True, tag_field="k", tag="error"):
    t: float
    message: str


Record: TypeAlias = (
    PhaseChange | Line | Points | ProgressReport | Save | Saved | ResultReport | ErrorReport
)
_decoder = msgspec.json.Decoder(Record)


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
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
