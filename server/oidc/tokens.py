"""Whether an ID token is believed: signature by a known key and algorithm, issuer, audience, time, nonce.

https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
"""

from __future__ import annotations

import hmac

import msgspec
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from application.commands.identities import IdentityRefused

ALGORITHMS = ("RS256", "ES256")
"""Never ``none``; never HS256, which would take the public key for a shared secret."""
LEEWAY_S = 60
SUBJECT_LIMIT = 255


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What is used of a token. Other claims stay in ``every``."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    nonce: str
    azp: str = ""
    nbf: float = 0
    every: dict[str, object] = {}


class UnknownKey(IdentityRefused):
    """The token names a key that is not known: worth one more look at the issuer's keys."""


def checked(
    token: str, keys: KeySet, *, issuer: str, client: str, nonce: str, now: float
) -> Claims:
    """The claims of a token that may be believed. ``IdentityRefused`` (``token``), or ``UnknownKey``."""
    try:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        every = dict(decoded.claims)
        claims = msgspec.convert({**every, "every": every}, Claims)
    except InvalidKeyIdError as error:
        raise UnknownKey(reason="token") from error
    except (JoseError, msgspec.MsgspecError, ValueError) as error:
        raise IdentityRefused(reason="token") from error
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    good = (
        claims.iss == issuer,
        client in audience,
        claims.azp == client if len(audience) > 1 else claims.azp in ("", client),
        claims.exp > now - LEEWAY_S,
        max(claims.iat, claims.nbf) < now + LEEWAY_S,
        hmac.compare_digest(claims.nonce.encode(), nonce.encode()),
        0 < len(claims.sub) <= SUBJECT_LIMIT,
    )
    if not all(good):
        raise IdentityRefused(reason="token")
    return claims
