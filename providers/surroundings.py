"""What an adapter may need of the host it runs on. Handed in; no adapter looks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.compute import Account


def _nothing(point: str) -> None:
    del point


def _no_secrets(name: str) -> str:
    raise KeyError(name)


def _no_secrets_of(user: str, name: str) -> str:
    raise KeyError(user, name)


def _no_accounts() -> Sequence[Account]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """A folder of its own, the folder that holds the package ``lab``, and artifact bytes by SHA-256.

    ``secret`` answers the value of a team's secret by name, ``KeyError`` when there is none; it is
    asked when the value is needed, and the value is kept nowhere. ``secret_of`` does the same for a
    user's own secret, and ``accounts`` tells whose accounts there are, as they are just now.
    ``name`` is what people call the provider.
    ``currency`` is what prices are in.
    ``reached`` is called at named points between two effects; tests kill the process there.
    """

    root: Path
    sdk: Path
    read_blob: Callable[[str], Iterator[bytes]]
    secret: Callable[[str], str] = _no_secrets
    secret_of: Callable[[str, str], str] = _no_secrets_of
    accounts: Callable[[], Sequence[Account]] = _no_accounts
    name: str = ""
    currency: str = "USD"
    reached: Callable[[str], None] = _nothing
