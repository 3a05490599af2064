"""Answers with the bytes of a blob: whole, one range of it, or a redirect to a presigned URL.

Not here: whether the caller may read them.
"""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from application.ports import Blobs
from providers.storage.base import disposition
from server.http_errors import Unsatisfiable

PRESIGNED_FOR_S = 900
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
"""What somebody's program saved is never run by a browser as ours."""


def blob_response(blobs: Blobs, sha256: str, request: Request, *, filename: str = "") -> Response:
    """Blocking until the first byte is known to be there: call it in a thread. Raises ``NotFound``."""
    size = blobs.size(sha256)
    url = blobs.presign_get(sha256, expires_s=PRESIGNED_FOR_S, filename=filename)
    if url is not None:
        return RedirectResponse(url, 307, headers={"Cache-Control": "no-store"})
    etag = f'"{sha256}"'
    asked = request.headers.get("range", "")
    whole = request.headers.get("if-range", etag) != etag
    span = None if whole else requested_range(asked, size)
    start, end = span or (0, size)
    headers = {
        **SAFE_HEADERS,
        "Content-Disposition": disposition(filename or sha256),
        "Content-Length": str(end - start),
        "Accept-Ranges": "bytes",
        "ETag": etag,
    }
    if span:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    body = blobs.read(sha256, start=start, end=end)
    status = 206 if span else 200
    return StreamingResponse(body, status, headers, media_type="application/octet-stream")


def requested_range(header: str, size: int) -> tuple[int, int] | None:
    """Start and end (not included) of a single range; ``None`` means the whole file.

    Several ranges, and what is no range, are passed over, as RFC 9110 §14.2 allows. Raises
    ``Unsatisfiable`` for a range that holds no byte.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return None
    if start >= end:
        raise Unsatisfiable(size=size)
    return start, end
