"""The authorization code flow with PKCE, for the providers of ``LAB_OIDC``.

A flow in progress is a one-time credential: its secret is ``state``, its sealed payload the nonce and
the verifier. So any web process can finish what another began, and each flow ends once.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from urllib.parse import quote_plus, urlencode

import httpx
import msgspec

from application.account_ports import Begun, Identity, IdentityProvider, Membership
from application.commands.identities import IdentityRefused
from application.ports import Clock, Credentials, Ids
from domain.errors import NotFound
from server.oidc.config import Client
from server.oidc.discovery import ANSWER_S, Issuer
from server.oidc.github import GitHub
from server.oidc.tokens import Claims, UnknownKey, checked

MINUTES = 10


class _Flow(msgspec.Struct, frozen=True, kw_only=True):
    provider: str
    nonce: str
    verifier: str
    next: str
    user: str


class _Tokens(msgspec.Struct, frozen=True, kw_only=True):
    id_token: str = ""
    access_token: str = ""


class OidcProviders:
    """See ``application.account_ports.IdentityProviders``."""

    def __init__(
        self, clients: Sequence[Client], credentials: Credentials, *, clock: Clock, ids: Ids
    ) -> None:
        self._clients = {client.name: client for client in clients}
        self._credentials = credentials
        self._clock, self._ids = clock, ids
        self._issuers = {
            name: GitHub(c.issuer) if c.github else Issuer(c.issuer)
            for name, c in self._clients.items()
        }

    def all(self) -> list[IdentityProvider]:
        return [IdentityProvider(name=c.name, label=c.label) for c in self._clients.values()]

    def begin(self, provider: str, *, redirect_uri: str, next: str, user: str = "") -> Begun:
        client, issuer = self._of(provider)
        endpoint = issuer.metadata().authorization_endpoint
        flow = _Flow(
            provider=provider,
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            next=next,
            user=user,
        )
        state = self._credentials.issue(
            id=self._ids.new("oidc"),
            kind="oidc",
            user="",
            team="",
            scopes=(),
            expires_at=self._clock.now() + timedelta(minutes=MINUTES),
            payload=msgspec.json.encode(flow).decode(),
        )
        asked = {
            "response_type": "code",
            "client_id": client.id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(client.scopes),
            "state": state,
            "nonce": flow.nonce,
            "code_challenge": _challenge(flow.verifier),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in endpoint else "?"
        return Begun(url=f"{endpoint}{joint}{urlencode(asked)}", state=state)

    def finish(
        self, provider: str, *, redirect_uri: str, answer: Mapping[str, str]
    ) -> tuple[Identity, str, str]:
        client, issuer = self._of(provider)
        found = self._credentials.take(answer.get("state", ""), "oidc")
        flow = msgspec.json.decode(found.payload, type=_Flow) if found else None
        if flow is None or flow.provider != provider:
            raise IdentityRefused(reason="state")
        self._check_issuer(issuer, client, answer)
        if "error" in answer or not answer.get("code"):
            raise IdentityRefused(reason="denied")
        tokens = self._redeem(client, issuer, answer["code"], redirect_uri, flow.verifier)
        facts = self._facts(client, issuer, tokens, flow.nonce)
        return _identity(client, facts), flow.next, flow.user

    def _facts(
        self, client: Client, issuer: Issuer | GitHub, tokens: _Tokens, nonce: str
    ) -> dict[str, object]:
        """What is believed of the person, as claims."""
        if isinstance(issuer, GitHub):
            groups = client.groups_claim if client.roles else ""
            return issuer.facts(tokens.access_token, groups=groups)
        claims = self._believed(client, issuer, tokens.id_token, nonce)
        told = self._userinfo(issuer, tokens, claims)
        return {**told, **claims.every, "sub": claims.sub}

    def _of(self, provider: str) -> tuple[Client, Issuer | GitHub]:
        if provider not in self._clients:
            raise NotFound(kind="identity provider", id=provider)
        return self._clients[provider], self._issuers[provider]

    def _check_issuer(
        self, issuer: Issuer | GitHub, client: Client, answer: Mapping[str, str]
    ) -> None:
        """Against mix-up of two issuers: https://www.rfc-editor.org/rfc/rfc9207"""
        promised = issuer.metadata().authorization_response_iss_parameter_supported
        if ("iss" in answer or promised) and answer.get("iss") != client.issuer:
            raise IdentityRefused(reason="token")

    def _redeem(
        self, client: Client, issuer: Issuer | GitHub, code: str, redirect_uri: str, verifier: str
    ) -> _Tokens:
        metadata = issuer.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        basic = None
        if (
            client.secret
            and "client_secret_basic" in metadata.token_endpoint_auth_methods_supported
        ):
            # https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1: both are form-encoded first
            basic = httpx.BasicAuth(quote_plus(client.id), quote_plus(client.secret))
        else:
            form |= {"client_id": client.id}
            form |= {"client_secret": client.secret} if client.secret else {}
        try:
            answer = httpx.post(
                metadata.token_endpoint,
                data=form,
                auth=basic,
                headers={"accept": "application/json"},  # GitHub answers a form without it
                timeout=ANSWER_S,
            )
            return msgspec.json.decode(answer.raise_for_status().content, type=_Tokens)
        except httpx.HTTPStatusError as error:
            raise IdentityRefused(reason="token") from error
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            raise IdentityRefused(reason="away") from error

    def _believed(self, client: Client, issuer: Issuer, token: str, nonce: str) -> Claims:
        known = {"issuer": client.issuer, "client": client.id, "nonce": nonce}
        try:
            return checked(token, issuer.keys(), **known, now=time.time())
        except UnknownKey:
            return checked(token, issuer.keys(anew=True), **known, now=time.time())

    def _userinfo(self, issuer: Issuer, tokens: _Tokens, claims: Claims) -> dict[str, object]:
        """What the token does not say of the person; nothing when the endpoint speaks of another."""
        where = issuer.metadata().userinfo_endpoint
        if "email" in claims.every or not where or not tokens.access_token:
            return {}
        headers = {"authorization": f"Bearer {tokens.access_token}"}
        try:
            answer = httpx.get(where, headers=headers, timeout=ANSWER_S).raise_for_status()
            facts = msgspec.json.decode(answer.content, type=dict[str, object])
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            raise IdentityRefused(reason="away") from error
        return facts if facts.get("sub") == claims.sub else {}


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _identity(client: Client, facts: Mapping[str, object]) -> Identity:
    groups = facts.get(client.groups_claim)
    named = [str(group) for group in groups] if isinstance(groups, list) else []
    grants = [grant for group in named for grant in client.roles.get(group, ())]
    return Identity(
        provider=client.name,
        issuer=client.issuer,
        subject=str(facts["sub"]),
        email=str(facts.get("email") or ""),
        email_verified=facts.get("email_verified") is True,
        name=str(facts.get("name") or ""),
        memberships=tuple(Membership(team=grant.team, role=grant.role) for grant in grants),
    )
