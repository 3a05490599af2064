"""Events keep their stored names, tolerate additions, refuse misfits and are upcast on read."""

from __future__ import annotations

from types import ModuleType

import pytest

from domain.codec import Catalogue, Raw, catalogue, encode
from domain.errors import UnknownEvent
from domain.model import Event
from tests.fakes.toy_events import TOYS, ParcelArrived, ParcelLost, ParcelSent, sent


class Twin(Event, frozen=True, kw_only=True, tag="parcel.lost.v1"):
    """An event that took another's name."""


class Nameless(Event, frozen=True, kw_only=True):
    """An event without a stored name."""


def test_an_event_reads_back_as_itself_under_its_stored_name() -> None:
    name, data = encode(sent("a", 3))
    assert name == "parcel.sent.v1"
    assert TOYS.decode(name, data) == sent("a", 3)


def test_the_version_the_store_assigned_takes_the_place_of_the_open_one() -> None:
    assert TOYS.decode(*encode(sent("a")), version=5).originator_version == 5


def test_a_field_from_the_future_is_ignored() -> None:
    name, data = encode(sent("a", 1))
    assert TOYS.decode(name, data.replace(b"{", b'{"later":1,', 1)) == sent("a", 1)


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"type":"parcel.sent.v1"}'])
def test_bytes_that_do_not_fit_are_an_unknown_event(data: bytes) -> None:
    with pytest.raises(UnknownEvent, match=r"parcel\.sent\.v1"):
        TOYS.decode("parcel.sent.v1", data)


@pytest.mark.parametrize("data", [b"{", b"[]", b"{}"])
def test_a_topic_nobody_knows_is_an_unknown_event(data: bytes) -> None:
    with pytest.raises(UnknownEvent, match=r"parcel\.burnt\.v1"):
        TOYS.decode("parcel.burnt.v1", data)


def test_a_retired_name_is_upcast_through_every_version_between() -> None:
    def from_v1(raw: Raw) -> tuple[str, Raw]:
        return "parcel.posted.v2", {**raw, "city": raw["town"]}

    def from_v2(raw: Raw) -> tuple[str, Raw]:
        return "parcel.sent.v1", {**raw, "weight_kg": 9}

    newer = Catalogue([ParcelSent], {"parcel.posted.v1": from_v1, "parcel.posted.v2": from_v2})
    old = encode(sent("a", 1))[1].replace(b"parcel.sent.v1", b"parcel.posted.v1")
    event = newer.decode("parcel.posted.v1", old.replace(b'"city"', b'"town"'))
    assert event == sent("a", 1, kg=9)


def test_a_catalogue_is_made_of_modules_unions_tuples_and_classes() -> None:
    module = ModuleType("parcels")
    module.EVENTS = (ParcelSent,)  # type: ignore[attr-defined]  # as aggregate modules export it
    for sources in (
        (module, ParcelArrived | ParcelLost),
        ((ParcelSent, ParcelArrived), ParcelLost),
    ):
        assert catalogue(*sources).types == TOYS.types


def test_two_classes_of_one_name_or_a_class_without_are_refused() -> None:
    with pytest.raises(TypeError, match="two event classes"):
        catalogue((ParcelLost, Twin))
    with pytest.raises(TypeError, match="no tag"):
        catalogue(Nameless)
    with pytest.raises(TypeError, match="not an event class"):
        catalogue(int)
