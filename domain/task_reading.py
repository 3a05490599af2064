"""How a section of a task file is read: one table of fields gives both the parser and the schema.

A ``Kind`` reads one value, a ``Field`` names it, a ``Section`` reads a mapping of fields. Problems
are collected; none stops the reading. Not here: which fields exist (``domain/task_spec.py`` and the
modules it draws together), and YAML (``application/task_yaml.py``).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from domain.errors import InvalidTask, Problem, shorten

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
Schema = Mapping[str, object]

SHOWN_PROBLEMS = 50
"""Problems beyond this are counted, not listed: a hostile file must not make a huge answer."""


MOST_NAMES = 1000
"""Names in one mapping."""


class Source(Protocol):
    """Where the values came from, so that a problem can point at it."""

    def place(self, path: str, *, on_key: bool) -> tuple[int, int]:
        """1-based line and column of the key or of the value; ``(0, 0)`` when unknown."""

    def written(self, path: str) -> str | None:
        """The scalar exactly as typed (``1.10``), or ``None`` when ``path`` is no plain scalar."""


class Problems:
    """Collects every problem; ``raise_if_any`` tells them in file order."""

    def __init__(self, source: Source | None = None) -> None:
        self._source = source
        self._found: list[Problem] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(
        self,
        path: str,
        message: str,
        *,
        value: object = "",
        way_out: str = "",
        on_key: bool = False,
    ) -> None:
        """Record that ``path`` is wrong. ``on_key`` points at the name and not at its value."""
        line, column = self._source.place(path, on_key=on_key) if self._source else (0, 0)
        self.add_at(message, way_out=way_out, line=line, column=column, path=path, value=value)

    def add_at(
        self,
        message: str,
        *,
        way_out: str,
        line: int,
        column: int,
        path: str = "",
        value: object = "",
    ) -> None:
        """Record a problem whose place is known already (1-based; 0 for unknown)."""
        self._count += 1
        if self._count > SHOWN_PROBLEMS:
            return
        self._found.append(
            Problem(
                path=shorten(path, 160),
                message=message,
                value=shorten(value) if isinstance(value, str) else show(value),
                suggestion=way_out,
                line=line,
                column=column,
            )
        )

    def written(self, path: str) -> str | None:
        """The scalar at ``path`` as typed, when the source knows."""
        return self._source.written(path) if self._source else None

    def raise_if_any(self) -> None:
        """Raises ``InvalidTask`` with all problems, or does nothing."""
        if not self._found:
            return
        found = sorted(self._found, key=lambda p: (p.line, p.column))
        if self._count > SHOWN_PROBLEMS:
            more = f"{self._count - SHOWN_PROBLEMS} more problems are not shown."
            found.append(Problem(path="", message=more, suggestion="Mend the ones above first."))
        raise InvalidTask(tuple(found))


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[T_co]):
    """Reads one value. ``read`` answers ``None`` after having added a problem."""

    read: Callable[[object, str, Problems], T_co | None]
    schema: Schema


@dataclass(frozen=True, kw_only=True)
class Field(Generic[T_co]):
    """A key of a section. ``aliases`` are other spellings of it; ``doc`` is one sentence."""

    key: str
    kind: Kind[T_co]
    doc: str
    required: bool = False
    aliases: tuple[str, ...] = ()
    example: str = ""


class Section:
    """A mapping read by its table. Unknown, doubled and missing keys are told at construction."""

    def __init__(
        self,
        value: object,
        path: str,
        *,
        fields: Sequence[Field[object]],
        problems: Problems,
        hints: Mapping[str, str] | None = None,
    ) -> None:
        self._path = path
        self._problems = problems
        self._values = mapping_of(value, path, problems)
        known = {name: f for f in fields for name in (f.key, *f.aliases)}
        for key in self._values:
            if key not in known:
                self._tell_unknown(key, [f.key for f in fields], hints or {})
        for field in fields:
            self._check_presence(field, whole=isinstance(value, Mapping))

    def has(self, field: Field[object]) -> bool:
        """Whether the person wrote this field with a value."""
        return self._written_as(field) is not None

    def get(self, field: Field[T], default: T) -> T:
        """The value of ``field``; ``default`` when absent, empty or wrong (a problem is told)."""
        key = self._written_as(field)
        if key is None:
            return default
        answer = field.kind.read(self._values[key], join(self._path, key), self._problems)
        return default if answer is None else answer

    def raw(self, field: Field[object]) -> object:
        """What the person wrote for ``field``, unread; ``None`` when absent."""
        key = self._written_as(field)
        return None if key is None else self._values[key]

    def _written_as(self, field: Field[object]) -> str | None:
        names = (field.key, *field.aliases)
        return next((k for k in names if self._values.get(k) is not None), None)

    def _check_presence(self, field: Field[object], *, whole: bool) -> None:
        names = [k for k in (field.key, *field.aliases) if k in self._values]
        if len(names) > 1:
            self._problems.add(
                join(self._path, names[1]),
                f"`{names[0]}` and `{names[1]}` are two spellings of one field.",
                way_out=f"Keep `{field.key}` only.",
                on_key=True,
            )
        if field.required and whole and not self.has(field):
            state = "is empty" if names else "is missing"
            self._problems.add(
                join(self._path, field.key),
                f"`{field.key}` is required and {state}.",
                way_out=f"Add a line like `{field.key}: {field.example}`.",
                on_key=True,
            )

    def _tell_unknown(self, key: str, known: Sequence[str], hints: Mapping[str, str]) -> None:
        section = f"`{self._path}`" if self._path else "the top level"
        listed = ", ".join(known)
        way_out = hints.get(key) or did_you_mean(key, known) or f"Fields here: {listed}."
        self._problems.add(
            join(self._path, key),
            f'"{shorten(key, 60)}" is not a field of {section}.',
            value=key,
            way_out=way_out,
            on_key=True,
        )


def simple(
    convert: Callable[[object], T | None], *, expects: str, schema: Schema, way_out: str = ""
) -> Kind[T]:
    """A kind whose only problem is "not ``expects``": ``convert`` answers ``None`` for that."""

    def read(value: object, path: str, problems: Problems) -> T | None:
        answer = convert(value)
        if answer is None:
            seen = None if isinstance(value, str) else problems.written(path)
            problems.add(
                path,
                f"{shorten(seen or show(value))} is not {expects}.",
                value=value,
                way_out=way_out,
            )
        return answer

    return Kind(read=read, schema=schema)


def mapping_of(
    value: object, path: str, problems: Problems, *, most: int = MOST_NAMES
) -> dict[str, object]:
    """``value`` as a mapping with text keys, or an empty one after telling the problem."""
    if not isinstance(value, Mapping):
        example = "`NAME: value` lines, indented under it"
        problems.add(
            path, f"{show(value)} is not a mapping.", value=value, way_out=f"Write {example}."
        )
        return {}
    if len(value) > most:
        told = f"has {len(value)} names; at most {most} are accepted."
        problems.add(path, told, way_out="Move data into a file beside the task.")
        return {}
    texts = {k: v for k, v in value.items() if isinstance(k, str)}
    for key in value:
        if not isinstance(key, str):
            problems.add(path, f"{show(key)} is not a name.", value=key, way_out="Names are text.")
    return texts


def join(path: str, key: str | int) -> str:
    """The dotted path of ``key`` under ``path``; positions in lists are written ``[0]``."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def show(value: object) -> str:  # noqa: PLR0911  # one answer for each kind of value
    """``value`` as the person would recognise it, on one short line."""
    match value:
        case None:
            return "an empty value"
        case bool():
            return "true" if value else "false"
        case int() if abs(value) >= 10**30:
            return "a number of more than 30 digits"
        case int() | float():
            return repr(value)
        case str():
            return f'"{shorten(value, 60)}"'
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return f"a value of type {type(value).__name__}"


def did_you_mean(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """A question naming the nearest of ``known``, or ``""`` when none is near."""
    by_lower = {k.lower(): k for k in known}
    near = difflib.get_close_matches(name[:100].lower(), by_lower, n=1, cutoff=cutoff)
    return f"Did you mean `{by_lower[near[0]]}`?" if near else ""
