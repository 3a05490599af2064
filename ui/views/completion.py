"""What an editor offers while ``task.yaml`` is typed: the published schema as a small tree. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from application.task_schema import json_schema

Schema = Mapping[str, object]
Node = dict[str, object]


def known_keys() -> Node:
    """Of a section: ``k`` its keys, ``a`` what is under any other key, ``v`` the values of a closed set,
    ``d`` its sentence."""
    definitions = cast("Mapping[str, Schema]", json_schema()["$defs"])
    return _node(definitions["task"])


def _node(schema: Schema) -> Node:
    node: Node = {"d": schema["description"]} if "description" in schema else {}
    keys: dict[str, Node] = {}
    values: list[str] = []
    for form in _forms(schema):
        for key, inner in cast("Mapping[str, Schema]", form.get("properties", {})).items():
            keys[key] = _node(inner)
        if isinstance(rest := form.get("additionalProperties"), dict) and (other := _node(rest)):
            node["a"] = other
        values += [v for v in cast("list[object]", form.get("enum", [])) if isinstance(v, str)]
        if form.get("type") == "boolean":
            values += ["true", "false"]
    if keys:
        node["k"] = keys
    if values:
        node["v"] = list(dict.fromkeys(values))
    return node


def _forms(schema: Schema) -> Iterator[Schema]:
    """Each way in which a value may be written; a list is written as its items are."""
    yield schema
    for form in cast("list[Schema]", schema.get("anyOf", [])):
        yield from _forms(form)
    if isinstance(items := schema.get("items"), dict):
        yield from _forms(items)
