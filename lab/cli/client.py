"""Talks to the server: GraphQL operations kept beside this module, SSE, uploads and downloads.

Every failure is a ``CliError`` with its exit code. Not here: what is shown.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any  # parsed JSON answers

from lab.cli.failures import (
    FAILED,
    NOT_FOUND,
    NOT_SIGNED_IN,
    REFUSED,
    UNREACHABLE,
    CliError,
    refused,
)
from lab.cli.profiles import Profile

TIMEOUT_S = 60.0
OPERATIONS = Path(__file__).with_name("operations")
BLOCK = 1024 * 1024
Data = dict[str, Any]
_EXITS = {401: NOT_SIGNED_IN, 404: NOT_FOUND}


class Client:
    """One server, one credential; ``as_of`` is the moment that is asked about, empty for now."""

    def __init__(self, profile: Profile, as_of: str = "") -> None:
        self._profile = profile
        self.as_of = as_of

    @property
    def url(self) -> str:
        return self._profile.server_url

    def ask(self, operation: str, **variables: object) -> Data:
        """The ``data`` of the operation in ``operations/<operation>.graphql``."""
        with self._post(operation, variables, accept="application/json") as response:
            body = _parsed(response.read())
        errors = body.get("errors")
        if errors:
            raise refused(errors[0])
        return _mapping(body.get("data"))

    def follow(self, operation: str, **variables: object) -> Iterator[Data]:
        """Each ``data`` of a subscription until it is complete. ``CliError`` (6) when it breaks off."""
        with self._post(operation, variables, accept="text/event-stream") as response:
            kind = ""
            try:
                for raw in response:
                    line = raw.decode("utf-8").rstrip("\r\n")
                    name, _, value = line.partition(":")
                    if name == "event":
                        kind = value.strip()
                        if kind == "complete":
                            return
                    elif name == "data" and value.strip() and kind == "next":
                        body = _parsed(value.encode())
                        if body.get("errors"):
                            raise refused(body["errors"][0])
                        yield _mapping(body.get("data"))
            except (OSError, http.client.HTTPException) as error:
                raise self._unreachable(error) from None
        raise self._unreachable("the stream broke off")

    def upload(self, data: bytes) -> str:
        """Store bytes; their SHA-256."""
        headers = {"Content-Type": "application/octet-stream"}
        with self._open("POST", "/api/files", body=data, headers=headers) as response:
            return str(_parsed(response.read())["sha256"])

    def send_archive(self, data: bytes) -> Data:
        """A task's folder: ``yaml``, and ``files`` as a task names them, which are kept now."""
        headers = {"Content-Type": "application/octet-stream"}
        with self._open("POST", "/api/archives", body=data, headers=headers) as response:
            return _parsed(response.read())

    def download(self, path: str, into: IO[bytes]) -> None:
        with self._open("GET", path) as response:
            try:
                while block := response.read(BLOCK):
                    into.write(block)
            except (OSError, http.client.HTTPException) as error:
                raise self._unreachable(error) from None

    def health(self) -> Data:
        """What ``/readyz`` says, of a server that is unwell too."""
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=TIMEOUT_S) as response:
                return _parsed(response.read())
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise _refusal(error) from None
            return _parsed(error.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreachable(error) from None

    def _post(self, operation: str, variables: Data, *, accept: str) -> http.client.HTTPResponse:
        text = (OPERATIONS / f"{operation}.graphql").read_text("utf-8")
        if self.as_of:
            if "$asOf" not in text:
                told = "This cannot be done in the past, or the log does not hold it."
                raise CliError(f"{told} Ask without --as-of.", REFUSED)
            variables = {**variables, "asOf": self.as_of}
        body = json.dumps({"query": text, "variables": variables}).encode()
        headers = {"Content-Type": "application/json", "Accept": accept}
        return self._open("POST", "/graphql", body=body, headers=headers)

    def _open(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> http.client.HTTPResponse:
        every = dict(headers or {})
        if self._profile.token:
            every["Authorization"] = f"Bearer {self._profile.token}"
        if self._profile.team:
            every["X-Lab-Team"] = self._profile.team
        try:
            request = urllib.request.Request(self.url + path, body, every, method=method)
            opened: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_S)
        except urllib.error.HTTPError as error:
            raise _refusal(error) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreachable(error) from None
        return opened

    def _unreachable(self, error: object) -> CliError:
        why = getattr(error, "reason", error)
        way_out = "Is it running? Check LAB_SERVER_URL, or `lab login --server URL`."
        return CliError(f"The server {self.url} does not answer ({why}). {way_out}", UNREACHABLE)


def _refusal(error: urllib.error.HTTPError) -> CliError:
    text = error.read(10_000).decode("utf-8", "replace")
    try:
        message = str(json.loads(text)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        message = text.strip().splitlines()[0] if text.strip() else error.reason
        message = f"The server answered {error.code}: {message[:300]}"
    return CliError(message, _EXITS.get(error.code, UNREACHABLE if error.code > 500 else REFUSED))


def _parsed(text: bytes) -> Data:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        told = "The answer is not Labledger's. Does the address point at its server?"
        raise CliError(told, FAILED)
    return found


def _mapping(value: object) -> Data:
    return value if isinstance(value, dict) else {}
