"""A random value for any type an event may have, and ids drawn from a few, so that facts meet."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from msgspec import inspect

from domain.model import Event

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def random_event(cls: type[Event], random: Random, *, things: int) -> Event:
    """An event of ``cls`` about one of ``things`` things of its kind."""
    kind = str(cls.__struct_config__.tag).partition(".")[0]
    made = _struct(cls, random, depth=0)
    made |= {
        "originator_id": f"{kind}_{random.randrange(things)}",
        "originator_version": 1,
        "at": NOON,  # the log's times may not fall
        "by": f"user:user_{random.randrange(things)}",
    }
    event = cls(**made)
    assert isinstance(event, Event)
    return event


def _struct(cls: type[Any], random: Random, *, depth: int) -> dict[str, Any]:
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return {
        field.name: _value(field.type, field.name, random, depth)
        for field in info.fields
        if field.required or random.random() < 0.7
    }


def _value(kind: inspect.Type, name: str, random: Random, depth: int) -> Any:  # noqa: PLR0911  # a table
    match kind:
        case inspect.StructType():
            return kind.cls(**_struct(kind.cls, random, depth=depth + 1))
        case inspect.UnionType():
            return _value(random.choice(kind.types), name, random, depth)
        case inspect.EnumType():
            return random.choice(list(kind.cls))
        case inspect.LiteralType():
            return random.choice(kind.values)
        case inspect.Metadata():
            return _value(kind.type, name, random, depth)
        case inspect.DictType():
            keys = [_text(random) for _ in range(_few(random, depth))]
            return {key: _value(kind.value_type, name, random, depth + 1) for key in keys}
        case inspect.VarTupleType() | inspect.ListType() | inspect.FrozenSetType():
            of = {inspect.VarTupleType: tuple, inspect.ListType: list}.get(type(kind), frozenset)
            few = range(_few(random, depth))
            return of(_value(kind.item_type, name, random, depth + 1) for _ in few)
        case inspect.TupleType():
            return tuple(_value(item, name, random, depth) for item in kind.item_types)
    return _plain(kind, name, random)


def _plain(kind: inspect.Type, name: str, random: Random) -> Any:
    match kind:
        case inspect.StrType():
            near = {"team", "user", "job", "scope", "task", "experiment", "provider"}
            return f"{name}_{random.randrange(3)}" if name in near else _text(random)
        case inspect.IntType():
            return random.choice([-1, 0, 1, random.randrange(1_000_000)])
        case inspect.FloatType():
            return random.choice([0.0, random.uniform(0, 1e6)])
        case inspect.BoolType():
            return random.random() < 0.5
        case inspect.NoneType():
            return None
        case inspect.DateTimeType():
            return NOON + timedelta(microseconds=random.randrange(10**12))
    raise TypeError(f"no random value for {kind!r}: teach tests/golden/random_events.py")


def _text(random: Random) -> str:
    return "".join(random.choices(string.ascii_letters + "é \"'\\{}", k=random.randrange(12)))


def _few(random: Random, depth: int) -> int:
    return random.randrange(3) if depth < 2 else 0
