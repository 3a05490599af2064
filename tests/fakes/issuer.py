"""An OpenID Connect issuer of our own that can lie: it signs whatever a test asks it to.

It keeps the protocol's other side honest: the redirect address, PKCE and the one use of a code.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

Claims = dict[str, Any]
CLIENT, SECRET = "labledger", "client secret"


@dataclass
class Issuer:
    """``claims`` change what a token says; ``sign`` how it is signed."""

    url: str = ""
    key: RSAKey = field(default_factory=lambda: _rsa_key("published"))
    claims: Callable[[Claims], Claims] = lambda claims: claims
    sign: Callable[[Issuer, Claims], str] = lambda issuer, claims: issuer.rs256(claims)
    user: Claims = field(default_factory=dict)
    metadata: Claims = field(default_factory=dict)
    asked: dict[str, Claims] = field(default_factory=dict)
    redeemed: list[Claims] = field(default_factory=list)

    def authorize(self, url: str) -> dict[str, str]:
        """What the person's browser does here: the query it goes back with."""
        asked = dict(parse_qsl(urlsplit(url).query))
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe()
        self.asked[code] = asked
        return {"code": code, "state": asked["state"]}

    def rs256(self, claims: Claims) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)

    def none(self, claims: Claims) -> str:
        return f"{_b64({'alg': 'none', 'kid': 'one'})}.{_b64(claims)}."

    def hs256(self, claims: Claims) -> str:
        """The public key taken for a shared secret."""
        signed = f"{_b64({'alg': 'HS256', 'kid': 'one'})}.{_b64(claims)}"
        mac = hmac.new(self.key.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    def stranger(self, claims: Claims) -> str:
        """Another key under the known key's name."""
        other = _rsa_key("kept")
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, other)

    def unknown(self, claims: Claims) -> str:
        """A key nobody published."""
        other = ECKey.generate_key("P-256", {"kid": "two"})
        return jwt.encode({"alg": "ES256", "kid": "two"}, claims, other)

    def token(self, form: dict[str, str]) -> Claims | None:
        asked = self.asked.pop(form.get("code", ""), None)
        self.redeemed.append(dict(form))
        if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            return None
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "sub": "Ada-1", "nonce": asked["nonce"],
            "iat": now, "exp": now + 300, "email": "ada@example.org", "email_verified": True,
            "name": "Ada", **self.user,
        }  # fmt: skip
        return {"id_token": self.sign(self, self.claims(claims)), "access_token": "a"}

    def document(self) -> Claims:
        at = {k: f"{self.url}/{v}" for k, v in _ENDPOINTS.items()}
        return {"issuer": self.url, **at, **self.metadata}


@cache
def _rsa_key(_: str) -> RSAKey:
    """Made once for a name: making one takes a second. Each is called the same in tokens."""
    return RSAKey.generate_key(2048, {"kid": "one"})


_ENDPOINTS = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}


@contextmanager
def issuer() -> Iterator[Issuer]:
    """On a port of its own until the block ends."""
    made = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys = {"keys": [made.key.as_dict(private=False)]}
            self._answer(200, keys if self.path == "/jwks" else made.document())

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
            answer = made.token(form)
            self._answer(200 if answer else 400, answer or {"error": "invalid_grant"})

        def _answer(self, status: int, body: Claims) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _b64(value: Claims) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
