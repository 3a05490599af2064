"""A sample value for any type an event may have, the same at every run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec import inspect

from domain.model import Event

_PLAIN: dict[type[inspect.Type], Callable[[str], Any]] = {
    inspect.StrType: lambda name: f"{name} sample",
    inspect.IntType: lambda name: 7,
    inspect.FloatType: lambda name: 2.5,
    inspect.BoolType: lambda name: True,
    inspect.BytesType: lambda name: b"sample",
    inspect.NoneType: lambda name: None,
    inspect.AnyType: lambda name: f"{name} sample",
    inspect.DateTimeType: lambda name: datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    inspect.DateType: lambda name: date(2026, 1, 2),
    inspect.TimeDeltaType: lambda name: timedelta(seconds=90),
}


def sample_event(cls: type[Event]) -> Event:
    """An event of ``cls`` with every field filled, so that every field is in its golden file."""
    event = _struct(cls)
    assert isinstance(event, cls)
    return event


def _struct(cls: type[Any], *, depth: int = 0) -> Any:
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return cls(**{field.name: _value(field.type, field.name, depth) for field in info.fields})


def _value(kind: inspect.Type, name: str, depth: int) -> Any:  # a table of types
    match kind:
        case inspect.StructType():
            return _struct(kind.cls, depth=depth + 1)
        case inspect.UnionType():
            return _value(_choose(kind.types, depth), name, depth)
        case inspect.EnumType():
            return next(iter(kind.cls))
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.Metadata():
            return _value(kind.type, name, depth)
    return _PLAIN[type(kind)](name) if type(kind) in _PLAIN else _collection(kind, name, depth)


def _collection(kind: inspect.Type, name: str, depth: int) -> Any:
    """A collection of one; deep inside a recursive type an empty one."""
    few = slice(0, 1 if depth < 2 else 0)
    match kind:
        case inspect.VarTupleType():
            return tuple(_value(item, name, depth + 1) for item in [kind.item_type][few])
        case inspect.ListType():
            return [_value(item, name, depth + 1) for item in [kind.item_type][few]]
        case inspect.FrozenSetType():
            return frozenset({_value(kind.item_type, name, depth + 1)})
        case inspect.DictType():
            return {_value(kind.key_type, "key", depth): _value(kind.value_type, name, depth + 1)}
        case inspect.TupleType():
            return tuple(_value(item, name, depth) for item in kind.item_types)
    raise TypeError(f"no sample for {kind!r}: teach tests/golden/samples.py")


def _choose(types: tuple[inspect.Type, ...], depth: int) -> inspect.Type:
    """The first member that is not ``None``; deep inside a recursive type, ``None``."""
    if depth >= 2:
        for kind in types:
            if isinstance(kind, inspect.NoneType):
                return kind
    return next((kind for kind in types if not isinstance(kind, inspect.NoneType)), types[0])
