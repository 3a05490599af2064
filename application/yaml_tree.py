"""YAML text to plain values, each with its place: safe, bounded, and without YAML 1.1's surprises.

Plain scalars are read by the YAML 1.2 core rules (https://yaml.org/spec/1.2.2/#103-core-schema):
``no``, ``on``, ``012``, ``22:30`` and ``2024-01-01`` are text, ``1e-4`` is a number. Duplicate keys
are refused. Not here: what a task may say (``domain/task_spec.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from domain.errors import shorten
from domain.task_reading import Problems, join, show
from domain.task_spec import MOST_DEPTH

MOST_NODES = 20_000
"""Values after aliases are expanded: a small file must not become a huge one."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = ("", "~", "null", "Null", "NULL")
_TRUE, _FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")
_INT = re.compile(r"[-+]?(0|[1-9][0-9_]{0,38})")
_BASED = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,16}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]{1,5})?")
_SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF|nan|NaN|NAN)")
_TAG = "tag:yaml.org,2002:"
_KNOWN_TAGS = ("str", "int", "float", "bool", "null", "map", "seq")


@dataclass(kw_only=True)
class Node:
    """One value as written. ``value`` is a scalar, a list of nodes, or a list of (key, value)."""

    kind: str
    line: int
    column: int
    value: object = None
    plain: str | None = None
    items: list[Node] = field(default_factory=list)
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    open: bool = False


class Places:
    """Where each path was written; a ``domain.task_reading.Source``."""

    def __init__(self) -> None:
        self._keys: dict[str, Node] = {}
        self._values: dict[str, Node] = {}

    def note(self, path: str, value: Node, key: Node | None = None) -> None:
        """Remember the nodes at ``path``; the first one is kept."""
        self._values.setdefault(path, value)
        if key is not None:
            self._keys.setdefault(path, key)

    def place(self, path: str, *, on_key: bool) -> tuple[int, int]:
        """1-based; of the nearest outer path when this one was not written."""
        while True:
            node = (self._keys.get(path) if on_key else None) or self._values.get(path)
            if node is not None or not path:
                return (node.line, node.column) if node else (0, 0)
            cut = max(path.rfind("."), path.rfind("["))
            path = path[:cut] if cut > 0 else ""

    def written(self, path: str) -> str | None:
        """The plain scalar at ``path`` as typed."""
        node = self._values.get(path)
        return node.plain if node else None


def resolve_plain(text: str) -> object:
    """The value of an unquoted scalar."""
    if text in _NULLS:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INT.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) and len(text) <= 60:
        return float(text)
    special = _SPECIAL.fullmatch(text)
    return float(special[1] + special[2]) if special else text


def read_tree(text: str, problems: Problems) -> Node | None:
    """The one document of ``text``; ``None`` when it is empty. Raises ``yaml.YAMLError``."""
    return _Composer(yaml.parse(text, Loader=_LOADER), problems).document()


class _Composer:
    """Builds nodes from parser events, with bounded depth; aliases share the node they name."""

    def __init__(self, events: Iterator[yaml.Event], problems: Problems) -> None:
        self._events = events
        self._problems = problems
        self._anchors: dict[str, Node] = {}
        self._count = 0

    def document(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._tell(event, "a second document starts here.", "Keep one task in a file.")
                    return root
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, 0)
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        node = _started(event)
        self._count += 1
        if depth > MOST_DEPTH or self._count > 2 * MOST_NODES:
            told = f"nested deeper than {MOST_DEPTH} levels."
            if depth <= MOST_DEPTH:
                told = f"the file holds more than {MOST_NODES} values."
            self._tell(event, told, "Move data into files beside the task.")
            self._problems.raise_if_any()
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            self._anchors[event.anchor] = node
        self._check_tag(event)
        if isinstance(event, yaml.ScalarEvent):
            _fill_scalar(node, event)
        node.open = True
        if isinstance(event, yaml.SequenceStartEvent):
            for inner in self._until(yaml.SequenceEndEvent):
                node.items.append(self._node(inner, depth + 1))
        elif isinstance(event, yaml.MappingStartEvent):
            for inner in self._until(yaml.MappingEndEvent):
                key = self._node(inner, depth + 1)
                node.pairs.append((key, self._node(next(self._events), depth + 1)))
        node.open = False
        return node

    def _until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield event

    def _alias(self, event: yaml.AliasEvent) -> Node:
        target = self._anchors.get(event.anchor or "")
        if target is not None and not target.open:
            return target
        why = "holds itself" if target else "names an anchor that is not there"
        name = shorten(event.anchor or "", 40)
        self._tell(event, f"*{name} {why}.", f"Write the value out, or `&{name}` before it.")
        return Node(kind="scalar", line=0, column=0, value="")

    def _check_tag(self, event: yaml.Event) -> None:
        tag = getattr(event, "tag", None)
        if tag in (None, "!") or (tag.startswith(_TAG) and tag[len(_TAG) :] in _KNOWN_TAGS):
            return
        self._tell(event, f"the YAML tag {shorten(tag, 60)} is not allowed.", "Take it out.")

    def _tell(self, event: yaml.Event, message: str, way_out: str) -> None:
        node = _started(event)
        self._problems.add_at(message, way_out=way_out, line=node.line, column=node.column)


def _started(event: yaml.Event) -> Node:
    kind = "scalar"
    if isinstance(event, yaml.SequenceStartEvent):
        kind = "list"
    elif isinstance(event, yaml.MappingStartEvent):
        kind = "mapping"
    mark = event.start_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return Node(kind=kind, line=line, column=column)


def _fill_scalar(node: Node, event: yaml.ScalarEvent) -> None:
    tag = (event.tag or "").removeprefix(_TAG)
    if event.implicit[0]:
        node.value, node.plain = resolve_plain(event.value), event.value
    elif tag in ("int", "float", "bool", "null"):
        node.value = resolve_plain(event.value)
    else:
        node.value = event.value


class Expander:
    """Nodes to plain values, counting every value that aliases repeat."""

    def __init__(self, places: Places, problems: Problems) -> None:
        self._places = places
        self._problems = problems
        self._count = 0

    def plain(self, node: Node, path: str = "", depth: int = 0) -> object:
        """The value of ``node``; places of everything inside are noted under ``path``."""
        self._count += 1
        if self._count > MOST_NODES or depth > MOST_DEPTH:
            limit = f"{MOST_NODES} values or {MOST_DEPTH} levels"
            told = f"the file holds more than {limit} (aliases counted each time)."
            self._problems.add("", told, way_out="Move data into files beside the task.")
            self._problems.raise_if_any()
        if not path:
            self._places.note(path, node)
        if node.kind == "list":
            items = enumerate(node.items)
            return [self._item(item, join(path, i), depth + 1) for i, item in items]
        return self._mapping(node, path, depth + 1) if node.kind == "mapping" else node.value

    def _item(self, node: Node, path: str, depth: int) -> object:
        self._places.note(path, node)
        return self.plain(node, path, depth)

    def _mapping(self, node: Node, path: str, depth: int) -> dict[str, object]:
        answer: dict[str, object] = {}
        seen: dict[str, Node] = {}
        merged: list[Node] = []
        for key, value in node.pairs:
            if key.plain == "<<":
                merged.extend(value.items or [value])
            elif (name := self._name(key, seen, path)) is not None:
                self._places.note(join(path, name), value, key)
                answer[name] = self.plain(value, join(path, name), depth)
        for other in merged:
            answer = self._merge(other, path, depth + 1) | answer
        return answer

    def _name(self, key: Node, seen: dict[str, Node], path: str) -> str | None:
        if key.kind != "scalar":
            told = f"a {key.kind} cannot be a name."
            self._tell(key, told, way_out="Names are text.", path=path)
            return None
        name = key.plain if key.plain is not None else str(key.value)
        first = seen.setdefault(name, key)
        if first is key:
            return name
        told = f"is written twice, on line {first.line} and on line {key.line}."
        self._tell(key, told, way_out="Keep one of them.", path=join(path, name))
        return None

    def _merge(self, node: Node, path: str, depth: int) -> dict[str, object]:
        if node.kind == "mapping" and depth <= MOST_DEPTH:
            return self._mapping(node, path, depth)
        told = f"`<<` takes a mapping, not {show(node.value)}."
        self._tell(node, told, way_out="Write `<<: *anchor` with an anchored mapping.", path=path)
        return {}

    def _tell(self, node: Node, message: str, *, way_out: str, path: str) -> None:
        self._problems.add_at(
            message, way_out=way_out, line=node.line, column=node.column, path=path
        )
