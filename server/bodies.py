"""Reads request bodies up to a bound, unpacking gzip without ever holding more than the bound."""

from __future__ import annotations

import zlib
from typing import NoReturn

from starlette.requests import Request

from domain.errors import InvalidInput
from server.http_errors import TooLarge

_GZIP_WINDOW = 16 + zlib.MAX_WBITS


async def read_body(request: Request, *, limit: int) -> bytes:
    """The body as it came. Raises ``TooLarge`` before more than ``limit`` bytes are kept."""
    told = request.headers.get("content-length", "0")
    if told.isascii() and told.isdecimal() and int(told) > limit:
        raise TooLarge(limit=limit)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise TooLarge(limit=limit)
    return bytes(body)


def unpacked(body: bytes, encoding: str, *, limit: int) -> bytes:
    """``body`` without its content encoding. Raises ``TooLarge`` and ``InvalidInput``."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        _refuse(encoding, "Send gzip or no Content-Encoding.")
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error:
        _refuse("not gzip", "Send a gzip stream, or no Content-Encoding.")
    if len(plain) > limit:
        raise TooLarge(limit=limit)
    if not unpacker.eof or unpacker.unused_data:
        _refuse("not one gzip stream", "Send one whole gzip stream.")
    return plain


def _refuse(value: str, way_out: str) -> NoReturn:
    raise InvalidInput(field="body", value=value, way_out=way_out)
