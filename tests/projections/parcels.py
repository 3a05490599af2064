"""A small read model over the toy events: parcels, and how much each city was sent."""

from __future__ import annotations

from collections.abc import Sequence

from domain.model import Event
from projections.base import Column, Patch, Projection, SqlType, Table
from tests.fakes.toy_events import ParcelArrived, ParcelLost, ParcelSent


def fold(event: Event, position: int) -> Sequence[Patch]:
    match event:
        case ParcelSent():
            columns = {
                "city": event.city,
                "state": "sent",
                "sent_at": event.at,
                "labels": [position],
            }
            return (
                Patch("parcels", event.originator_id, set=columns),
                Patch("cities", event.city, add={"parcels": 1, "weight_kg": event.weight_kg}),
            )
        case ParcelArrived():
            columns = {"state": "arrived", "note": event.note}
            return (Patch("parcels", event.originator_id, set=columns),)
        case ParcelLost():
            return (Patch("parcels", event.originator_id, delete=True),)
    return ()


PARCELS = Projection(
    name="parcels",
    version=1,
    tables=(
        Table(
            name="parcels",
            columns=(
                Column(name="city"),
                Column(name="state"),
                Column(name="note"),
                Column(name="sent_at", type=SqlType.TIMESTAMPTZ),
                Column(name="labels", type=SqlType.JSONB),
            ),
            indexes=("city, sent_at desc, id desc",),
        ),
        Table(
            name="cities",
            key="city",
            columns=(
                Column(name="parcels", type=SqlType.BIGINT, default="0"),
                Column(name="weight_kg", type=SqlType.BIGINT, default="0"),
            ),
        ),
    ),
    fn=fold,
)
