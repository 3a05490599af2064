"""Events to bytes and back, by the name written on each class; retired names are upcast on read.

Not here: which classes there are (``domain/events.py``), where the bytes are kept (the log).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType, ModuleType
from typing import get_args

import msgspec
from msgspec.structs import replace

from domain.errors import UnknownEvent
from domain.events import ALL
from domain.model import NEXT_VERSION, Event

Raw = dict[str, object]
Upcaster = Callable[[Raw], tuple[str, Raw]]

UPCASTERS: Mapping[str, Upcaster] = MappingProxyType({})
"""Retired topic to a pure function ``raw -> (newer topic, raw)``; chains are followed."""

_encoder = msgspec.json.Encoder()


class Catalogue:
    """The event classes one log may hold, each under its topic.

    Raises ``TypeError`` when a class has no hand-written tag or two classes share one.
    """

    def __init__(
        self, classes: Iterable[type[Event]], upcasters: Mapping[str, Upcaster] = UPCASTERS
    ) -> None:
        self.types: dict[str, type[Event]] = {}
        self.upcasters = dict(upcasters)
        for cls in classes:
            name = topic(cls)
            if self.types.setdefault(name, cls) is not cls:
                raise TypeError(f"two event classes are called {name!r}")
        self._decoders = {name: msgspec.json.Decoder(cls) for name, cls in self.types.items()}

    def decode(self, topic: str, data: bytes, *, version: int = NEXT_VERSION) -> Event:
        """The event in ``data``. Fields from the future are ignored; missing ones take defaults.

        ``version`` is the place the store gave an event that was encoded without one.
        Raises ``UnknownEvent`` for a topic nobody knows and for bytes that do not fit.
        """
        try:
            decoder = self._decoders.get(topic)
            event = decoder.decode(data) if decoder else self._upcast(topic, data)
        except msgspec.MsgspecError as error:
            raise UnknownEvent(topic=topic, why=str(error)) from error
        if version in (NEXT_VERSION, event.originator_version):
            return event
        return replace(event, originator_version=version)

    def _upcast(self, topic: str, data: bytes) -> Event:
        newer, raw = topic, msgspec.json.decode(data, type=Raw)
        while newer in self.upcasters:
            newer, raw = self.upcasters[newer](raw)
        if newer not in self.types:
            raise UnknownEvent(topic=newer, why="this version of Labledger has no such event")
        return msgspec.convert({**raw, "type": newer}, self.types[newer])


def topic(cls: type[Event]) -> str:
    """The stored name of an event class, as ``job.queued.v1``. Raises ``TypeError`` without one."""
    tag = cls.__struct_config__.tag
    if not isinstance(tag, str):
        raise TypeError(f"{cls.__name__} has no tag: write its stored name on the class")
    return tag


def encode(event: Event) -> tuple[str, bytes]:
    """``(topic, JSON bytes)``: the same event always gives the same bytes."""
    return topic(type(event)), _encoder.encode(event)


def catalogue(*sources: ModuleType | object) -> Catalogue:
    """A catalogue of modules (their ``EVENTS``), unions, tuples or single event classes."""
    return Catalogue(cls for source in sources for cls in _classes(source))


def _classes(source: object) -> Iterable[type[Event]]:
    if isinstance(source, ModuleType):
        source = source.EVENTS
    members = source if isinstance(source, tuple) else get_args(source) or (source,)
    for cls in members:
        if not (isinstance(cls, type) and issubclass(cls, Event)):
            raise TypeError(f"{cls!r} is not an event class")
        yield cls


EVERYTHING = Catalogue(ALL)
"""The catalogue of the product; what an event log uses unless told otherwise."""


def decode(topic: str, data: bytes) -> Event:
    """``EVERYTHING.decode``."""
    return EVERYTHING.decode(topic, data)
