"""An identity provider somebody else wrote, in a process of its own, and a person's way through its page."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.lab.running import until


@contextmanager
def identity_provider(*people: dict[str, object]) -> Iterator[str]:
    """The issuer's address; ``people`` are claims with a ``sub`` each."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "oidc_provider_mock",
        "-p",
        str(port),
        "-n",
        "true",
    ]
    for claims in people:
        argv += ["--user-claims", json.dumps(claims)]
    running = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: _answers(url))
        yield url
    finally:
        running.terminate()
        running.wait()


def consent(url: str, subject: str) -> str:
    """Say yes on its page as ``subject``; the address it sends the browser back to."""
    answer = httpx.post(url, data={"sub": subject}, timeout=20)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/.well-known/openid-configuration", timeout=2).is_success
    except httpx.HTTPError:
        return False
