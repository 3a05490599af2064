"""The event log as commands and pollers see it: append facts under guards, read them.

Not here: where the log lives (``application/memory_log.py``, ``server/postgres/event_store.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol, TypeAlias

from domain.errors import LabError
from domain.model import Event, Guard, GuardKind, Recorded

GuardKey: TypeAlias = tuple[GuardKind, str]
"""A guard's kind and scope."""


class UniqueTaken(LabError):
    """A unique scope has another holder. Values: ``scope``, ``ref`` (the id that holds it)."""

    code = "ALREADY_EXISTS"
    sentence = "{scope!r} is taken by {ref}. Choose another."

    def __init__(self, *, scope: str, ref: str) -> None:
        self.scope, self.ref = scope, ref
        super().__init__(scope=scope, ref=ref)


class Fenced(LabError):
    """A newer leader has taken over. Values: ``scope``, ``term`` (ours), ``seen``. Step down."""

    code = "FENCED"
    sentence = "{scope}: term {term} is over, term {seen} has begun. Step down and elect again."

    def __init__(self, *, scope: str, term: int, seen: int) -> None:
        self.scope, self.term, self.seen = scope, term, seen
        super().__init__(scope=scope, term=term, seen=seen)


class EventLog(Protocol):
    """One total order of facts. Every method raises ``StoreUnavailable`` when the store is away."""

    def append(self, events: Sequence[Event], guards: Sequence[Guard] = ()) -> int:
        """Record all of ``events`` under all of ``guards``, or nothing; the last event's position.

        Guards are checked in the order given, before versions. ``originator_version`` of
        ``NEXT_VERSION`` is assigned here. Without events the guards still move and the answer is
        the present head. Raises ``QuotaExceeded``, ``UniqueTaken``, ``Fenced``, or ``Conflict``
        (a version is taken: load and decide again).
        """

    def stream(self, originator_id: str) -> list[Event]:
        """The events of one originator by version; empty when there is none. ``UnknownEvent``."""

    def streams(self, originator_ids: Collection[str]) -> dict[str, list[Event]]:
        """``stream`` for each of several, at one look."""

    def read(self, after: int, limit: int, upto: int | None = None) -> list[Recorded]:
        """At most ``limit`` events, ``after < position <= upto``, in order. ``UnknownEvent``."""

    def head(self) -> int:
        """The position of the last event; 0 when the log is empty."""

    def guard(self, kind: GuardKind, scope: str) -> Guard | None:
        """What a guard holds now: ``amount`` is used (quota), 1 (unique) or the highest term."""

    def guards(self, wanted: Collection[GuardKey]) -> dict[GuardKey, Guard]:
        """``guard`` for several, at one look; those that nothing ever moved are left out."""
