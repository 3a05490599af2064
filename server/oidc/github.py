"""GitHub as an identity provider: OAuth with PKCE, and its API where others have an ID token.

https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
https://docs.github.com/en/rest/users/emails, https://docs.github.com/en/rest/orgs/orgs
"""

from __future__ import annotations

from typing import TypeVar

import httpx
import msgspec

from application.commands.identities import IdentityRefused
from server.oidc.config import GITHUB
from server.oidc.discovery import ANSWER_S, Metadata

HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}

_Answer = TypeVar("_Answer")


class _Person(msgspec.Struct, frozen=True):
    id: int
    login: str
    name: str | None = None


class _Address(msgspec.Struct, frozen=True):
    email: str
    primary: bool
    verified: bool


class _Organisation(msgspec.Struct, frozen=True):
    login: str


class GitHub:
    """github.com, or a GitHub Enterprise server at ``url``. What it says is asked anew each time."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._api = "https://api.github.com" if self._url == GITHUB else f"{self._url}/api/v3"

    def metadata(self) -> Metadata:
        """Fixed: GitHub publishes no discovery document."""
        return Metadata(
            issuer=self._url,
            authorization_endpoint=f"{self._url}/login/oauth/authorize",
            token_endpoint=f"{self._url}/login/oauth/access_token",
            jwks_uri="",
            token_endpoint_auth_methods_supported=("client_secret_post",),
        )

    def facts(self, token: str, *, groups: str) -> dict[str, object]:
        """As claims: ``sub`` is the account's number, for names are given away again.

        ``groups`` is the claim that holds the names of its organisations; empty: not asked for.
        ``IdentityRefused`` (``away``).
        """
        person = self._get("user", token, _Person)
        addresses = self._get("user/emails", token, list[_Address])
        address = next((one for one in addresses if one.primary), None)
        found: dict[str, object] = {
            "sub": str(person.id),
            "name": person.name or person.login,
            "email": address.email if address else "",
            "email_verified": bool(address and address.verified),
        }
        if groups:
            found[groups] = [o.login for o in self._get("user/orgs", token, list[_Organisation])]
        return found

    def _get(self, path: str, token: str, kind: type[_Answer]) -> _Answer:
        headers = HEADERS | {"authorization": f"Bearer {token}"}
        try:
            answer = httpx.get(f"{self._api}/{path}", headers=headers, timeout=ANSWER_S)
            return msgspec.json.decode(answer.raise_for_status().content, type=kind)
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            raise IdentityRefused(reason="away") from error
