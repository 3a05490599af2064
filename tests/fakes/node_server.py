"""A real HTTP server that speaks the node protocol, keeps what it applied and can misbehave."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class NodeServer:
    """``away``: connections are dropped; ``fail_next``: so many calls answer 500;
    ``lose_next``: so many journal calls are applied and then the connection is dropped;
    ``renewed``: the token that journals answer with; ``tokens``: those that came, in order."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.streams: dict[str, bytearray] = defaultdict(bytearray)
        self.blobs: dict[str, bytes] = {}
        self.partial: dict[str, bytearray] = defaultdict(bytearray)
        self.stop: dict[str, object] | None = None
        self.away = False
        self.over = False
        self.fail_next = 0
        self.lose_next = 0
        self.chunk = 1024 * 1024
        self.conflicts = 0
        self.calls = 0
        self.renewed = ""
        self.tokens: list[str] = []
        self.imported: list[dict[str, Any]] = []
        server = self

        class Handler(_Handler):
            node = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True, args=(0.02,)).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def records(self, stream: str = "node") -> list[dict[str, Any]]:
        with self.lock:
            return [json.loads(line) for line in bytes(self.streams[stream]).splitlines()]

    def all_records(self) -> list[dict[str, Any]]:
        return [record for stream in list(self.streams) for record in self.records(stream)]


class _Handler(BaseHTTPRequestHandler):
    node: NodeServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if self._misbehaves():
            return
        url = urlsplit(self.path)
        if url.path == "/node/v1/journal":
            self._journal(parse_qs(url.query), body)
        elif url.path == "/node/v1/runs":
            self.node.imported.append(json.loads(body))
            self._say(200, {"job_id": "job_9", "attempt": 1, "job_token": "imported"})
        else:
            sha = url.path.rsplit("/", 1)[1]
            with self.node.lock:
                if sha in self.node.blobs:
                    self._say(200, {"have": True})
                    return
                at = len(self.node.partial[sha])
            self._say(200, {"have": False, "offset": at, "chunk": self.node.chunk})

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self._misbehaves():
            return
        url = urlsplit(self.path)
        sha, query = url.path.rsplit("/", 1)[1], parse_qs(url.query)
        with self.node.lock:
            partial = self.node.partial[sha]
            assert int(query["offset"][0]) == len(partial)
            partial += body
            done = len(partial) >= int(query["size"][0])
            if done and hashlib.sha256(partial).hexdigest() != sha:
                partial.clear()
                self._say(422, {"error": {"code": "wrong_hash", "message": "wrong"}})
                return
            if done:
                self.node.blobs[sha] = bytes(partial)
        self._say(200, {"offset": len(partial), "have": done})

    def do_GET(self) -> None:
        if self._misbehaves():
            return
        data = self.node.blobs[urlsplit(self.path).path.rsplit("/", 1)[1]]
        start = int((self.headers.get("Range") or "bytes=0-")[6:].rstrip("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start:])

    def _journal(self, query: dict[str, list[str]], body: bytes) -> None:
        node = self.node
        offset, name = int(query["offset"][0]), query["stream"][0]
        assert not body or body.endswith(b"\n")
        assert len(body) <= 1024 * 1024
        with node.lock:
            stream = node.streams[name]
            if offset != len(stream):
                node.conflicts += 1
                self._say(409, {"next": len(stream)})
                return
            stream += body
            answer = {"next": len(stream), "stop": node.stop}
            answer |= {"token": node.renewed} if node.renewed else {}
            if node.lose_next:
                node.lose_next -= 1
                self.close_connection = True
                return
        self._say(200, answer)

    def _misbehaves(self) -> bool:
        node = self.node
        with node.lock:
            node.calls += 1
            node.tokens.append(self.headers.get("Authorization", "").removeprefix("Bearer "))
            if node.away:
                self.close_connection = True
                return True
            failing = node.fail_next > 0
            node.fail_next -= 1 if failing else 0
        if failing or node.over:
            self._say(500 if failing else 410, {"error": {"code": "x", "message": "x"}})
            return True
        return False

    def _say(self, status: int, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
