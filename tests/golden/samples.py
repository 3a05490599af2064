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


def _value(kind: inspect.Type, name: str, depth: int) -> Any:
    match kind:
        case inspect.StructType(cls=cls):
            return _struct(cls, depth=depth + 1)
        case inspect.UnionType(types=types):
            return _value(_choose(types, depth), name, depth)
        case inspect.EnumType(cls=cls):
            return next(iter(cls))
        case inspect.LiteralType(values=values):
            return values[0]
        case inspect.VarTupleType(item_type=item):
            return (_value(item, name, depth),) if depth < 2 else ()
        case inspect.TupleType(item_types=items):
            return tuple(_value(item, name, depth) for item in items)
        case inspect.ListType(item_type=item):
            return [_value(item, name, depth)] if depth < 2 else []
        case inspect.FrozenSetType(item_type=item):
            return frozenset({_value(item, name, depth)})
        case inspect.DictType(key_type=key, value_type=value):
            return {_value(key, "key", depth): _value(value, name, depth)}
        case inspect.Metadata(type=inner):
            return _value(inner, name, depth)
        case _:
            return _PLAIN[type(kind)](name)


def _choose(types: tuple[inspect.Type, ...], depth: int) -> inspect.Type:
    """The first member that is not ``None``; deep inside a recursive type, ``None``."""
    if depth >= 2:
        for kind in types:
            if isinstance(kind, inspect.NoneType):
                return kind
    return next((kind for kind in types if not isinstance(kind, inspect.NoneType)), types[0])
