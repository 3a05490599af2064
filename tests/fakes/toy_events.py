"""Two small events for testing the log and the projection machinery without an aggregate."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.codec import Catalogue, catalogue
from domain.model import NEXT_VERSION, Event

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class ParcelSent(Event, frozen=True, kw_only=True, tag="parcel.sent.v1"):
    """``weight_kg`` of a parcel on its way to ``city``."""

    city: str
    weight_kg: int = 1


class ParcelArrived(Event, frozen=True, kw_only=True, tag="parcel.arrived.v1"):
    """``note`` is what the receiver wrote; ``None`` takes it back."""

    note: str | None = None


class ParcelLost(Event, frozen=True, kw_only=True, tag="parcel.lost.v1"):
    """Nobody will see it again."""


TOYS: Catalogue = catalogue(ParcelSent | ParcelArrived | ParcelLost)


def sent(parcel: str, version: int = NEXT_VERSION, *, city: str = "Oslo", kg: int = 1) -> Event:
    return ParcelSent(
        originator_id=parcel,
        originator_version=version,
        at=NOON,
        by="user:ada",
        cause=f"cmd_{parcel}_{version}",
        city=city,
        weight_kg=kg,
    )


def arrived(parcel: str, version: int = NEXT_VERSION, *, note: str | None = None) -> Event:
    return ParcelArrived(
        originator_id=parcel, originator_version=version, at=NOON, by="user:bob", note=note
    )


def lost(parcel: str, version: int = NEXT_VERSION) -> Event:
    return ParcelLost(originator_id=parcel, originator_version=version, at=NOON, by="system:x")
