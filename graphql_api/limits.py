"""How much one document may ask: depth, aliases and cost, in one pass that a fragment bomb cannot blow up.

The rule classes are made once, here: a class per request would defeat the validation cache.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    MaxIntrospectionDepthRule,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValidationContext,
    ValidationRule,
)

MAX_DEPTH = 10
MAX_ALIASES = 30
MAX_COST = 20_000
MAX_TOKENS = 3_000
MAX_BATCH = 10
PAGE_AT_MOST = 200
PAGE_USUAL = 50
_SIZES = ("first", "limit")


@dataclass(frozen=True)
class Weight:
    """Of a selection: levels below it, aliases in it, fields it may answer with."""

    depth: int = 0
    aliases: int = 0
    cost: int = 0

    def beside(self, other: Weight) -> Weight:
        return Weight(
            max(self.depth, other.depth),
            min(self.aliases + other.aliases, 10**9),
            min(self.cost + other.cost, 10**9),
        )


class LimitsRule(ValidationRule):
    """Refuses a document above a limit, naming the limit and what was asked."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._fragments = {
            d.name.value: d
            for d in context.document.definitions
            if isinstance(d, FragmentDefinitionNode)
        }
        self._weighed: dict[str, Weight] = {}
        total = Weight()
        for definition in context.document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                total = total.beside(self._selections(definition.selection_set))
        self._refuse("levels deep", total.depth, MAX_DEPTH)
        self._refuse("aliases", total.aliases, MAX_ALIASES)
        self._refuse("fields of answer", total.cost, MAX_COST)

    def _refuse(self, what: str, asked: int, limit: int) -> None:
        if asked > limit:
            self.report_error(
                GraphQLError(
                    f"The request is too large: {asked:,} {what}, at most {limit:,} are allowed.",
                    extensions={"code": "TOO_LARGE", "asked": asked, "limit": limit},
                )
            )

    def _selections(self, selections: SelectionSetNode | None) -> Weight:
        total = Weight()
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                total = total.beside(self._field(node))
            elif isinstance(node, FragmentSpreadNode):
                total = total.beside(self._fragment(node.name.value))
            else:
                total = total.beside(self._selections(getattr(node, "selection_set", None)))
        return total

    def _field(self, node: FieldNode) -> Weight:
        if node.name.value.startswith("__"):  # introspection has its own rule
            return Weight(1, 1 if node.alias else 0, 1)
        inner = self._selections(node.selection_set)
        return Weight(
            inner.depth + 1,
            inner.aliases + (1 if node.alias else 0),
            min(1 + inner.cost * _size(node), 10**9),
        )

    def _fragment(self, name: str) -> Weight:
        if name not in self._weighed:
            self._weighed[name] = Weight()  # what a circle weighs; another rule refuses it
            fragment = self._fragments.get(name)
            if fragment:
                self._weighed[name] = self._selections(fragment.selection_set)
        return self._weighed[name]


def _size(node: FieldNode) -> int:
    """How many rows a field may answer with, as far as its arguments tell."""
    for argument in node.arguments or ():
        if argument.name.value in _SIZES:
            if isinstance(argument.value, IntValueNode):
                return max(1, min(int(argument.value.value[:6]), PAGE_AT_MOST))
            return PAGE_USUAL if isinstance(argument.value, NullValueNode) else PAGE_AT_MOST
    return 1


class StringsRule(ValidationRule):
    """Refuses what the store cannot hold in a string: NUL, and halves of surrogate pairs."""

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        if not keepable(node.value):
            told = "Strings may not hold NUL or lone surrogates."
            self.report_error(GraphQLError(told, node))


def keepable(text: str) -> bool:
    """Whether the store can hold ``text``."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


RULES = [LimitsRule, StringsRule, MaxIntrospectionDepthRule]
