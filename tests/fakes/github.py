"""A GitHub Enterprise server as far as signing in goes: OAuth with PKCE, and three calls of its API.

https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class GitHubServer:
    """``person``, ``addresses`` and ``organisations`` are what its API tells of whoever signs in."""

    url: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    addresses: list[dict[str, Any]] = field(default_factory=list)
    organisations: list[dict[str, Any]] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    _asked: dict[str, dict[str, str]] = field(default_factory=dict)
    _tokens: set[str] = field(default_factory=set)

    def authorize(self, url: str) -> dict[str, str]:
        """What the person's browser does there: the query it goes back with."""
        assert urlsplit(url).path == "/login/oauth/authorize"
        asked = dict(parse_qsl(urlsplit(url).query))
        self.scopes = asked["scope"].split()
        code = secrets.token_urlsafe()
        self._asked[code] = asked
        return {"code": code, "state": asked["state"]}

    def redeem(self, form: dict[str, str]) -> dict[str, str]:
        """A wrong code is an answer of 200 with an error, as GitHub has it."""
        asked = self._asked.pop(form.get("code", ""), {})
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked.get("code_challenge") != challenge or form.get("client_secret") != "secret":
            return {"error": "bad_verification_code"}
        token = f"gho_{secrets.token_urlsafe()}"
        self._tokens.add(token)
        return {"access_token": token, "token_type": "bearer", "scope": ",".join(self.scopes)}

    def tell(self, path: str, token: str) -> object:
        """``None`` is 404; an unknown token sees nothing."""
        told = {"user": self.person, "user/emails": self.addresses, "user/orgs": self.organisations}
        known = token.removeprefix("Bearer ") in self._tokens
        return told.get(path.removeprefix("/api/v3/")) if known else None


@contextmanager
def github() -> Iterator[GitHubServer]:
    """Runs on loopback until the block ends."""
    served = GitHubServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(served.tell(self.path, self.headers.get("authorization", "")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            assert self.headers["accept"] == "application/json"
            self._answer(served.redeem(dict(parse_qsl(body))))

        def _answer(self, told: object) -> None:
            self.send_response(404 if told is None else 200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield served
        server.shutdown()
        thread.join()
