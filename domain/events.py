"""Every event class there is, composed from the aggregates: the one list the codec reads.

Not here: how an event becomes bytes and back (``domain/codec.py``).
"""

from __future__ import annotations

from domain.model import Event

ALL: tuple[type[Event], ...] = ()
