"""Live adapters by provider id: made from the recorded settings, made anew when those change.

Whose accounts there are is told to an adapter whenever it is asked for; its connections stay.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from application.log import EventLog
from domain.compute import Account, Provider, fold
from domain.errors import NotFound
from providers.base import ComputeProvider
from providers.registry import KINDS, factory
from providers.surroundings import Surroundings

TRIED = "tried_"


class LiveProviders:
    """See ``application.ports.Providers``. Safe to share between threads.

    ``secret`` answers a secret's value by team, user and name, ``KeyError`` when there is none; an
    empty user is the team itself.
    """

    def __init__(
        self,
        log: EventLog,
        *,
        home: Path,
        sdk: Path,
        read_blob: Callable[[str], Iterator[bytes]],
        secret: Callable[[str, str, str], str],
        reached: Callable[[str], None],
        currency: str,
    ) -> None:
        self._log = log
        self._home = home
        self._sdk = sdk
        self._read_blob = read_blob
        self._secret = secret
        self._reached = reached
        self._currency = currency
        self._made: dict[str, tuple[Mapping[str, object], ComputeProvider]] = {}
        self._accounts: dict[str, Sequence[Account]] = {}
        self._guard = threading.Lock()

    def of(self, provider: str) -> ComputeProvider:
        """The adapter. ``NotFound`` for an unknown id; ``InvalidSettings`` when it cannot be made."""
        state = fold(self._log.stream(provider))
        if not state.kind:
            raise NotFound(kind="provider", id=provider)
        with self._guard:
            self._accounts[provider] = state.accounts
            made = self._made.get(provider)
            if made is None or made[0] != state.settings:
                made = (state.settings, self._build(provider, state))
                self._made[provider] = made
            return made[1]

    def validate(self, kind: str, settings: Mapping[str, object]) -> None:
        factory(kind).validate(settings)

    def tried(self, kind: str, settings: Mapping[str, object], *, team: str) -> ComputeProvider:
        around = Surroundings(
            root=self._home / "providers" / f"{TRIED}{team}",
            sdk=self._sdk,
            read_blob=self._read_blob,
            secret=partial(self._secret, team, ""),
            secret_of=partial(self._secret, team),
            name=kind,
            currency=self._currency,
        )
        return factory(kind).build(settings, around)

    def kinds(self) -> Sequence[str]:
        return tuple(KINDS)

    def _build(self, provider: str, state: Provider) -> ComputeProvider:
        around = Surroundings(
            root=self._home / "providers" / provider,
            sdk=self._sdk,
            read_blob=self._read_blob,
            secret=partial(self._secret, state.team, ""),
            secret_of=partial(self._secret, state.team),
            accounts=lambda: self._accounts[provider],
            name=state.name,
            currency=self._currency,
            reached=self._reached,
        )
        return factory(state.kind).build(state.settings, around)
