"""No identity provider at all: what a server without ``LAB_OIDC`` answers."""

from __future__ import annotations

from collections.abc import Mapping

from application.account_ports import Begun, Identity, IdentityProvider
from domain.errors import NotFound


class NoIdentities:
    """See ``application.account_ports.IdentityProviders``."""

    def all(self) -> list[IdentityProvider]:
        return []

    def begin(self, provider: str, *, redirect_uri: str, next: str, user: str = "") -> Begun:
        del redirect_uri, next, user
        raise NotFound(kind="identity provider", id=provider)

    def finish(
        self, provider: str, *, redirect_uri: str, answer: Mapping[str, str]
    ) -> tuple[Identity, str, str]:
        del redirect_uri, answer
        raise NotFound(kind="identity provider", id=provider)
