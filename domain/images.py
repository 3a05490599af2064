"""What a small picture is, from its first bytes: its type and size, never from its name. Pure.

PNG and JPEG alone: the others that browsers show may hold scripts or moving pictures.
"""

from __future__ import annotations

import struct

import msgspec

PNG, JPEG = "image/png", "image/jpeg"
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
# https://www.w3.org/Graphics/JPEG/itu-t81.pdf, table B.1: markers that begin a frame


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """``width`` and ``height`` in pixels, as the picture says."""

    media_type: str
    width: int
    height: int


def image_of(data: bytes) -> Image | None:
    """The picture that ``data`` begins; ``None`` when it is none that is accepted."""
    if data.startswith(_PNG) and data[12:16] == b"IHDR" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return Image(media_type=PNG, width=width, height=height)
    return _jpeg(data) if data.startswith(_JPEG) else None


def _jpeg(data: bytes) -> Image | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        kind, (length,) = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])
        if kind in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return Image(media_type=JPEG, width=width, height=height)
        at += 2 + length
    return None
