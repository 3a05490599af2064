"""One kept-alive HTTP connection to the server. Loaded off the main thread: 30 ms of imports."""

from __future__ import annotations

import gzip
import http.client
import json
from typing import IO, Any, NamedTuple  # Any: parsed JSON answers
from urllib.parse import urlencode, urlsplit

from lab.node.asking import JobOver, Unreachable

TIMEOUT_S = 30.0
COMPRESS_FROM_BYTES = 1024


class Answer(NamedTuple):
    status: int
    body: dict[str, Any]


class Pass:
    """The job's token, shared by its node's connections: the server renews it in its answers."""

    def __init__(self, token: str) -> None:
        self.token = token

    def renew(self, token: object) -> None:
        if isinstance(token, str) and token:
            self.token = token


class Connection:
    """Not thread safe: one per thread. A broken connection is opened again by the next call.

    ``answered`` says whether the server ever spoke.
    """

    def __init__(self, server_url: str, token: str | Pass) -> None:
        self._url = urlsplit(server_url)
        self._pass = token if isinstance(token, Pass) else Pass(token)
        self._http: http.client.HTTPConnection | None = None
        self.answered = False

    def post(self, path: str, *, body: bytes, query: dict[str, object]) -> Answer:
        """Raises Unreachable (worth repeating) and JobOver (not)."""
        headers = {}
        if len(body) > COMPRESS_FROM_BYTES:
            body = gzip.compress(body, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        return self._answer("POST", path, body=body, query=query, headers=headers)

    def post_json(self, path: str, value: dict[str, object]) -> Answer:
        headers = {"Content-Type": "application/json"}
        return self._answer("POST", path, body=json.dumps(value).encode(), headers=headers)

    def put(self, path: str, *, body: bytes, query: dict[str, object]) -> Answer:
        return self._answer("PUT", path, body=body, query=query)

    def put_presigned(
        self, url: str, headers: dict[str, str], *, file: IO[bytes], size: int
    ) -> None:
        """Upload a whole object to an address that carries its own permission. Raises Unreachable."""
        every = {**headers, "Content-Length": str(size)}
        _plain(url, "PUT", body=file, headers=every).read()

    def get_stream(self, path: str, *, offset: int = 0) -> http.client.HTTPResponse:
        """The open answer; redirects to presigned addresses are followed without our token."""
        response = self._ask("GET", path, headers={"Range": f"bytes={offset}-"} if offset else {})
        if response.status in (302, 303, 307):
            target = response.getheader("Location", "")
            response.read()
            return _plain(target, "GET", offset=offset)
        if response.status not in (200, 206):
            raise Unreachable(f"GET {path}: {response.status} {response.read(200)!r}")
        return response

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None

    def _answer(
        self,
        method: str,
        path: str,
        *,
        body: bytes,
        query: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        full = f"{path}?{urlencode(query)}" if query else path
        try:
            response = self._ask(method, full, body=body, headers=headers or {})
            text = response.read()
            parsed = json.loads(text) if text else {}
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise Unreachable(f"{method} {path}: {error}") from error
        if response.status >= 500 or response.status == 429:
            raise Unreachable(f"{method} {path}: {response.status}")
        if response.status in (401, 410):
            raise JobOver(f"{method} {path}: {response.status}")
        told: dict[str, Any] = parsed if isinstance(parsed, dict) else {}
        self._pass.renew(told.get("token"))
        return Answer(status=response.status, body=told)

    def _ask(
        self, method: str, path: str, *, headers: dict[str, str], body: bytes = b""
    ) -> http.client.HTTPResponse:
        try:
            if self._http is None:
                self._http = _connect(self._url.scheme, self._url.netloc)
            every = {"Authorization": f"Bearer {self._pass.token}", **headers}
            self._http.request(method, self._url.path.rstrip("/") + path, body, every)
            response = self._http.getresponse()
            self.answered = True
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(f"{method} {path}: {error}") from error
        return response


def _plain(
    url: str,
    method: str,
    *,
    body: IO[bytes] | None = None,
    headers: dict[str, str] | None = None,
    offset: int = 0,
) -> http.client.HTTPResponse:
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    extra = {"Range": f"bytes={offset}-"} if offset else {}
    try:
        connection = _connect(parts.scheme, parts.netloc)
        connection.request(method, path, body, {**(headers or {}), **extra})
        response = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{method} {parts.netloc}: {error}") from error
    if response.status >= 300:
        raise Unreachable(f"{method} {parts.netloc}: {response.status}")
    return response


def _connect(scheme: str, netloc: str) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(netloc, timeout=TIMEOUT_S)
    return http.client.HTTPConnection(netloc, timeout=TIMEOUT_S)
