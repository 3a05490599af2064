"""Proofs over the whole log, as the front ends ask for them: what they tell, and who may ask.

Not here: computing them (``server/proofs.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import msgspec

from application.actor import Actor
from application.permissions import Action, require
from domain.installation import HeadSigned
from projections.rebuild import Difference


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """``breaks`` are the first hundred positions at which the chain does not hold."""

    rows: int
    position: int
    head: str
    breaks: tuple[int, ...]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """``differences`` are the first thousand cells of one read model, as of ``position``."""

    name: str
    position: int
    differences: tuple[Difference, ...]


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A signed head, and whether the log still ends in it there."""

    signed: HeadSigned
    holds: bool


class Proofs(Protocol):
    """One at a time for a whole installation: each reads all of the log. ``RateLimited``."""

    def verify(self) -> Iterator[Verdict]:
        """How far the chain was computed anew, now and then; the last is the verdict."""
        ...

    def replay(self, upto: int) -> Iterator[Told]:
        """Each read model folded anew and compared, one after the other."""
        ...

    def heads(self) -> list[Head]:
        """Every signed head, oldest first."""
        ...


class ProofReads:
    """Authorised: an auditor proves the log of all, and sees the cells of their own team."""

    def __init__(self, proofs: Proofs) -> None:
        self._proofs = proofs

    def verify(self, actor: Actor) -> Iterator[Verdict]:
        require(actor, Action.PROVE)
        return self._proofs.verify()

    def replay(self, actor: Actor, upto: int) -> Iterator[tuple[Told, int]]:
        """Each read model with the cells of the actor's team, and how many others differ."""
        require(actor, Action.PROVE)
        for told in self._proofs.replay(upto):
            own = tuple(d for d in told.differences if d.team == actor.team)
            shown = msgspec.structs.replace(told, differences=own)
            yield shown, len(told.differences) - len(own)

    def heads(self, actor: Actor) -> list[Head]:
        require(actor, Action.READ_LOG)
        return self._proofs.heads()
