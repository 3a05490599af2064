"""A real S3-speaking server process: moto's, plus what moto lets pass and S3 does not.

Presigned URLs expire (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html) and a body
must have the checksum its header tells. Run as ``python -m tests.fakes.s3_server``; prints its port.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


class Strict:
    """WSGI middleware in front of moto."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if _expired(parse_qs(environ.get("QUERY_STRING", ""))):
            return _refuse(start, "403 Forbidden", "AccessDenied")
        told = environ.get("HTTP_X_AMZ_CHECKSUM_SHA256")
        if told and environ["REQUEST_METHOD"] == "PUT":
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            if base64.b64encode(hashlib.sha256(body).digest()).decode() != told:
                return _refuse(start, "400 Bad Request", "BadDigest")
        return self._app(environ, start)


def _expired(query: dict[str, list[str]]) -> bool:
    if "X-Amz-Expires" not in query:
        return False
    signed = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return datetime.now(UTC) > signed + timedelta(seconds=int(query["X-Amz-Expires"][0]))


def _refuse(start: Callable[..., Any], status: str, code: str) -> Iterable[bytes]:
    start(status, [("Content-Type", "application/xml")])
    return [f"<Error><Code>{code}</Code></Error>".encode()]


def main() -> None:
    app = Strict(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
