"""What an issuer says of itself and its keys, fetched once and kept for an hour.

Keys are fetched again when a token names one that is not known, but not more than once a minute.
https://openid.net/specs/openid-connect-discovery-1_0.html
"""

from __future__ import annotations

import threading
import time
from typing import TypeVar

import httpx
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from application.commands.identities import IdentityRefused
from server.oidc.config import secure

ANSWER_S = 10.0
KEEP_S = 3600.0
KEYS_AGAIN_S = 60.0


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the document that is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


_Answer = TypeVar("_Answer")


class _Jwks(msgspec.Struct, frozen=True):
    keys: list[dict[str, object]]


class Issuer:
    """One issuer. Every method raises ``IdentityRefused`` (``away``) when it does not answer as it must."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._guard = threading.Lock()
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def metadata(self) -> Metadata:
        """The document; its ``issuer`` is the configured one, or nothing of it is believed."""
        with self._guard:
            now = time.monotonic()
            if self._metadata is None or now - self._metadata[0] > KEEP_S:
                where = self._url.rstrip("/") + "/.well-known/openid-configuration"
                found = self._get(where, Metadata)
                used = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
                if found.issuer != self._url or not all(secure(url) for url in used):
                    raise IdentityRefused(reason="away")
                self._metadata = now, found
            return self._metadata[1]

    def keys(self, *, anew: bool = False) -> KeySet:
        """Its public keys for signatures. ``anew``: those known did not fit."""
        where = self.metadata().jwks_uri
        with self._guard:
            now = time.monotonic()
            keep_s = KEYS_AGAIN_S if anew else KEEP_S
            if self._keys is None or now - self._keys[0] > keep_s:
                self._keys = now, _public(self._get(where, _Jwks))
            return self._keys[1]

    def _get(self, url: str, kind: type[_Answer]) -> _Answer:
        try:
            answer = httpx.get(url, timeout=ANSWER_S).raise_for_status()
            return msgspec.json.decode(answer.content, type=kind)
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            raise IdentityRefused(reason="away") from error


def _public(found: _Jwks) -> KeySet:
    """Shared secrets in a public document are no keys, nor are keys for encryption."""
    fit = [k for k in found.keys if k.get("kty") in ("RSA", "EC") and k.get("use", "sig") == "sig"]
    try:
        return KeySet.import_key_set({"keys": fit})  # type: ignore[typeddict-item]  # checked by it
    except (JoseError, ValueError) as error:
        raise IdentityRefused(reason="away") from error
