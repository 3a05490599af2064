"""Signing in through a browser: over loopback on this machine, or by a code typed anywhere.

The answer comes to a port that is open for this one login; it counts only with our state, and is
worth something only with our verifier. Not here: what is kept of it (``signing.py``).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import socket
import sys
import time
import webbrowser
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

from lab.cli.client import Client
from lab.cli.failures import NOT_SIGNED_IN, CliError
from lab.cli.frame import note

PATIENCE_S = 300.0
PAGE = (
    "<!doctype html><meta charset=utf-8><title>Labledger</title>"
    "<p style='font:16px sans-serif;margin:4em auto;max-width:30em'>{}</p>"
)


def has_browser(environ: Mapping[str, str]) -> bool:
    """Whether a browser can be expected to open where the person sits."""
    if environ.get("BROWSER"):
        return True
    if environ.get("SSH_CONNECTION"):
        return False
    shown = environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    return sys.platform in ("darwin", "win32") or bool(shown)


def token_by_browser(client: Client) -> str:
    """An API token, after the person has allowed it in the browser that this opens."""
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    with _Loopback(state) as loopback:
        asked = {
            "port": loopback.server_port,
            "state": state,
            "challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "name": machine(),
        }
        url = f"{client.url}/cli?{urlencode(asked)}"
        note(f"Allow this command line in your browser:\n  {url}")
        if not webbrowser.open(url):
            note("No browser opened; open the address yourself, or use `lab login --device`.")
        code = loopback.code()
    return str(client.ask("redeem_login", code=code, verifier=verifier)["redeemLogin"]["secret"])


def token_by_code(client: Client) -> str:
    """An API token, after the person has typed the code that this shows on any device."""
    begun = client.ask("begin_device_login", name=machine())["beginDeviceLogin"]
    note(f"Open {begun['url']} and type this code:\n\n  {begun['code']}\n")
    end = time.monotonic() + begun["expiresS"]
    while time.monotonic() < end:
        time.sleep(begun["intervalS"])
        try:
            made = client.ask("poll_device_login", device=begun["device"])["pollDeviceLogin"]
        except CliError as error:
            if error.code != "RATE_LIMITED":
                raise
            continue
        if made["secret"]:
            return str(made["secret"])
    raise CliError("Nobody typed the code in time. Run `lab login` again.", NOT_SIGNED_IN)


def machine() -> str:
    """What the token is called."""
    return f"lab on {socket.gethostname()}"[:80]


class _Loopback(HTTPServer):
    """Listens on this machine alone, on any free port, until the answer with ``state`` came."""

    def __init__(self, state: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state
        self.answer: dict[str, str] = {}
        self.timeout = 1.0

    def code(self) -> str:
        end = time.monotonic() + PATIENCE_S
        while not self.answer and time.monotonic() < end:
            self.handle_request()
        if "code" not in self.answer:
            why = "it was refused" if self.answer else "nobody answered in time"
            raise CliError(f"Not signed in: {why}. Run `lab login` again.", NOT_SIGNED_IN)
        return self.answer["code"]


class _Handler(BaseHTTPRequestHandler):
    timeout = 5.0
    server: _Loopback

    def do_GET(self) -> None:
        answer = dict(parse_qsl(urlsplit(self.path).query))
        ours = hmac.compare_digest(answer.get("state", "").encode(), self.server.state.encode())
        if ours and not self.server.answer:
            self.server.answer = answer
        told = "Signed in. You may close this page." if "code" in answer else "Not signed in."
        body = PAGE.format(told if ours else "This is no answer to `lab login`.").encode()
        self.send_response(200 if ours else 400)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the address holds the code."""
