"""The shape of every fact: what an event carries besides its own fields, and what guards its append.

Not here: how events are stored or decoded (``domain/codec.py`` names them; ``server/postgres`` keeps them).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypedDict

import msgspec

NEXT_VERSION = 0
"""``originator_version`` of an event whose place in its stream the store assigns at append."""

UNLIMITED = -1
"""A guard's or ledger's limit that lifts the limit."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One immutable fact.

    ``at`` is when it happened (aware UTC), ``by`` who did it (``user:<id>``, ``token:<id>``,
    ``node:<job id>``, ``provider:<id>`` or ``system:<part>``), ``cause`` the id of the command
    that led to it. Subclasses set ``tag="noun.verb_past.v1"``; that name is stored for ever.
    """

    originator_id: str
    originator_version: int
    at: datetime
    by: str
    cause: str = ""


class Envelope(TypedDict):
    """What every event carries, as keyword arguments for its constructor."""

    originator_id: str
    originator_version: int
    at: datetime
    by: str


class GuardKind(StrEnum):
    """What is checked under the append lock; a failed guard refuses the whole append."""

    QUOTA = "quota"  # used + amount <= limit, for a positive amount; never refused otherwise
    CHARGE = "charge"  # moves the quota scope of the same name and is never refused
    UNIQUE = "unique"  # amount 1 takes the scope for `ref`, -1 frees it
    FENCE = "fence"  # amount is a term: refused when a higher term has been seen


class Guard(msgspec.Struct, frozen=True):
    """A synchronous invariant moved in the same transaction as the events it protects.

    ``limit`` (quota only) sets the limit when not ``None``, and -1 lifts it; an absent quota scope
    is unlimited.
    ``ref`` (unique only) is the id that holds the scope; a refusal names the present holder.
    """

    kind: GuardKind
    scope: str
    amount: int = 1
    limit: int | None = None
    ref: str = ""


class Recorded(msgspec.Struct, frozen=True):
    """An event with its place in the log: ``position`` is 1-based, gaps are possible, order is total."""

    position: int
    recorded_at: datetime
    event: Event
