"""What of a saved file can be looked at here, decided from its name and first bytes. Pure."""

from __future__ import annotations

import base64
import csv
import io
import json
import struct
from collections.abc import Sequence

import msgspec

TEXT_BYTES = 64 * 1024
WHOLE_BYTES = 2 * 1024 * 1024
ROWS_AT_MOST = 100
COLUMNS_AT_MOST = 30
TENSORS_AT_MOST = 400
IMAGES: Sequence[tuple[bytes, str]] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)
SOUNDS: Sequence[tuple[bytes, str]] = (
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
)


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """One of ``text``, ``rows`` (the first is the head), ``image`` or ``sound`` (data URLs), or a ``why``."""

    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    image: str = ""
    sound: str = ""
    why: str = ""
    note: str = ""


def wanted_bytes(path: str, size: int) -> int:
    """How much of a file is needed to show it; 0 when it is not shown."""
    if path.lower().endswith(
        (".png", ".jpg", ".jpeg", ".gif", ".webp", ".wav", ".ogg", ".mp3", ".flac")
    ):
        return size if size <= WHOLE_BYTES else 0
    return min(size, TEXT_BYTES if not path.endswith(".safetensors") else WHOLE_BYTES)


def preview(path: str, data: bytes, *, size: int) -> Preview:
    """``data`` is the beginning of the file, or all of it."""
    media = _media(data)
    if media:
        return _whole(data, size, media)
    if path.lower().endswith(".safetensors"):
        return _tensors(data)
    cut = len(data) < size
    try:
        text = data.decode("utf-8", "ignore" if cut else "strict")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return Preview(why="This is no text, picture or table that can be shown here. Download it.")
    note = f"The first {len(data):,} of {size:,} bytes." if cut else ""
    return _text(path.lower(), text, note)


def _text(name: str, text: str, note: str) -> Preview:
    if name.endswith((".csv", ".tsv")):
        return Preview(rows=_table(text, "\t" if name.endswith(".tsv") else ","), note=note)
    return Preview(text=_pretty(text) if name.endswith(".json") and not note else text, note=note)


def _media(data: bytes) -> str:
    """The type of a picture or sound by its first bytes; never one that can hold a script."""
    if data[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(data[8:12], "")
    return next((mime for kind, mime in (*IMAGES, *SOUNDS) if data.startswith(kind)), "")


def _whole(data: bytes, size: int, media: str) -> Preview:
    if len(data) < size:
        told = f"It has {size:,} bytes; up to {WHOLE_BYTES:,} are shown here. Download it."
        return Preview(why=told)
    url = f"data:{media};base64,{base64.b64encode(data).decode()}"
    return Preview(image=url) if media.startswith("image/") else Preview(sound=url)


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text


def _table(text: str, delimiter: str) -> tuple[tuple[str, ...], ...]:
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    found = []
    try:
        for row in rows:
            found.append(tuple(row[:COLUMNS_AT_MOST]))
            if len(found) > ROWS_AT_MOST:
                break
    except csv.Error:
        pass  # what was read until there is shown
    return tuple(found)


def _tensors(data: bytes) -> Preview:
    """The header: names, types and shapes. https://github.com/huggingface/safetensors#format"""
    broken = Preview(why="Its header cannot be read.")
    if len(data) < 8:
        return broken
    (length,) = struct.unpack("<Q", data[:8])
    if length > len(data) - 8:
        return broken
    try:
        header = msgspec.json.decode(data[8 : 8 + length], type=dict[str, dict[str, object]])
    except msgspec.MsgspecError:
        return broken
    rows = [("tensor", "type", "shape")]
    rows += [
        (name, str(about.get("dtype", "")), " × ".join(map(str, _shape(about))))
        for name, about in list(header.items())[:TENSORS_AT_MOST]
        if name != "__metadata__"
    ]
    return Preview(rows=tuple(rows), note=f"{len(header):,} entries in its header.")


def _shape(about: dict[str, object]) -> Sequence[object]:
    shape = about.get("shape")
    return shape if isinstance(shape, list) else ()
