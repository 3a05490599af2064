"""Random operations made from the schema's own text: any field, any depth, arguments right and wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import hypothesis.strategies as st
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    build_schema,
    get_named_type,
    is_leaf_type,
)

SDL = build_schema((Path(__file__).parents[2] / "graphql_api" / "schema.graphql").read_text())
DEEPEST = 4
HOSTILE = (
    "", " ", "'; drop table events; --", "%", "_", "\\", "../../etc/passwd", "{{x}}",
    "\u202egnp", "x" * 5000, "null", "-1", "NaN", "9" * 40, "name: a\nrun: b\n", "name: [", "local",
    "idle", "alpha", "team:x", "a@b.c", "2026-01-01T00:00:00Z", "🜁" * 40,
)  # fmt: skip
NUMBERS = st.sampled_from(
    (0, 1, -1, 2**31 - 1, 2**31, -(2**31), 2**53, 2**63, -(2**63), 10**30, 1.5, -0.0, 1e308)
)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | NUMBERS
    | st.sampled_from((*HOSTILE, "\0", "\ud800"))
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
Operation = tuple[str, dict[str, object]]


def operations(kind: str, *, ids: Sequence[str], leave_out: frozenset[str]) -> st.SearchStrategy:
    """``(text, variables)`` of one operation with one field of ``Query`` or ``Mutation``."""
    root = SDL.get_type(kind)
    assert isinstance(root, GraphQLObjectType)
    names = sorted(set(root.fields) - leave_out)
    return st.sampled_from(names).flatmap(lambda name: _operation(kind, name, root, ids))


@st.composite
def _operation(
    draw: st.DrawFn, kind: str, name: str, root: GraphQLObjectType, ids: Sequence[str]
) -> Operation:
    variables: dict[str, object] = {}
    declared: list[str] = []

    def written(field_name: str, field: GraphQLField, depth: int) -> str:
        given = []
        for argument, about in field.args.items():
            if draw(st.integers(0, 3)) == 0 and not _required(about):
                continue
            variable = f"v{len(variables)}"
            variables[variable] = draw(_value(about.type, ids))
            declared.append(f"${variable}: {about.type}")
            given.append(f"{argument}: ${variable}")
        arguments = f"({', '.join(given)})" if given else ""
        return field_name + arguments + selection(get_named_type(field.type), depth)

    def selection(of: GraphQLNamedType, depth: int) -> str:
        if is_leaf_type(of):
            return ""
        fields: Mapping[str, GraphQLField] = getattr(of, "fields", {})
        fit = [
            n for n, f in fields.items() if depth < DEEPEST or is_leaf_type(get_named_type(f.type))
        ]
        chosen = (
            draw(st.lists(st.sampled_from(sorted(fit)), max_size=4, unique=True)) if fit else []
        )
        inner = [written(n, fields[n], depth + 1) for n in chosen]
        return " { " + " ".join(["__typename", *inner]) + " }"

    body = written(name, root.fields[name], 1)
    head = f"({', '.join(declared)})" if declared else ""
    return f"{kind.lower()} Fuzz{head} {{ {body} }}", variables


def _required(argument: GraphQLArgument) -> bool:
    return isinstance(argument.type, GraphQLNonNull)


def _value(wanted: GraphQLInputType, ids: Sequence[str]) -> st.SearchStrategy:
    """Mostly of the type, one time in five anything."""
    right = _right(wanted, ids)
    return st.integers(0, 4).flatmap(lambda dice: right if dice else ANYTHING)


def _right(wanted: GraphQLInputType, ids: Sequence[str]) -> st.SearchStrategy:
    if isinstance(wanted, GraphQLNonNull):
        return _right(wanted.of_type, ids)
    if isinstance(wanted, GraphQLList):
        return st.lists(_value(wanted.of_type, ids), max_size=3)
    if isinstance(wanted, GraphQLEnumType):
        return st.sampled_from(sorted(wanted.values))
    if isinstance(wanted, GraphQLInputObjectType):
        fields = wanted.fields
        needed = {
            n: _value(f.type, ids) for n, f in fields.items() if isinstance(f.type, GraphQLNonNull)
        }
        rest = {n: _value(f.type, ids) for n, f in fields.items() if n not in needed}
        return st.fixed_dictionaries(needed, optional=rest)
    assert isinstance(wanted, GraphQLScalarType)
    return _scalar(wanted.name, ids)


def _scalar(name: str, ids: Sequence[str]) -> st.SearchStrategy:
    text = st.sampled_from(HOSTILE) | st.sampled_from(list(ids)) | st.text(max_size=30)
    table: Mapping[str, st.SearchStrategy] = {
        "ID": st.sampled_from(list(ids)) | text,
        "Int": st.integers(-(2**31), 2**31 - 1) | st.integers(0, 5),
        "Float": st.floats(allow_nan=False, allow_infinity=False),
        "Boolean": st.booleans(),
        "JSON": ANYTHING,
        "Long": st.integers(-(2**63), 2**63 - 1) | st.integers(0, 50),
    }
    return table.get(name, text)
