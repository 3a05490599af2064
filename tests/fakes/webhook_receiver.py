"""A receiver of webhooks as others write one: a process with an HTTP server that remembers what came.

``POST /ok``, ``/flaky`` (500 once for each delivery, then 200), ``/busy`` (429 once, wait 1 s), ``/down`` (503),
``/gone`` (410), ``/slow`` (answers byte by byte for a minute), ``/close``, ``/redirect?to=…``.
``GET /seen`` is all that came.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parents[2]


class _Handler(BaseHTTPRequestHandler):
    seen: list[dict[str, Any]] = []
    guard = threading.Lock()

    def do_GET(self) -> None:
        self._note("")
        text = json.dumps(self.seen).encode()
        self._answer(200, text)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        parts = urlsplit(self.path)
        first = self._note(body)
        match parts.path:
            case "/flaky" if first:
                self._answer(500, b"not yet")
            case "/busy" if first:
                self._answer(429, b"", {"Retry-After": "1"})
            case "/down":
                self._answer(503, b"down for repair")
            case "/gone":
                self._answer(410, b"")
            case "/slow":
                self._drip()
            case "/close":
                self.connection.close()
            case "/redirect":
                self._answer(302, b"", {"Location": parse_qs(parts.query)["to"][0]})
            case _:
                self._answer(200, b"ok")

    def _note(self, body: str) -> bool:
        """Whether this body came for the first time."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.guard:
            known = {(one["path"], one["body"]) for one in self.seen}
            self.seen.append(
                {"method": self.command, "path": self.path, "headers": headers, "body": body}
            )
            return (self.path, body) not in known

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        with suppress(OSError):  # until who asked has had enough
            for number in range(600):
                self.wfile.write(b"X-%d: x\r\n" % number)
                time.sleep(0.1)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Receiver:
    """``url`` of a running one, and what it got."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def seen(self, path: str) -> list[dict[str, Any]]:
        with urllib.request.urlopen(self.url + "/seen", timeout=5) as answer:  # noqa: S310  # ours
            came: list[dict[str, Any]] = json.load(answer)
        return [one for one in came if one["method"] == "POST" and one["path"] == path]

    def gets(self) -> list[str]:
        """Paths that were asked for by GET, but for these looks."""
        with urllib.request.urlopen(self.url + "/seen", timeout=5) as answer:  # noqa: S310  # ours
            return [one["path"] for one in json.load(answer) if one["method"] == "GET"]

    def bodies(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(one["body"]) for one in self.seen(path)]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """One in a process of its own, until the block ends."""
    argv = [sys.executable, "-m", "tests.fakes.webhook_receiver"]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Receiver(int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()
