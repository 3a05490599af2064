"""What a client is told of an error: coded refusals in full, everything else masked and logged.

The log gets the kind and place of a fault, never the query or its variables.
"""

from __future__ import annotations

import logging
import traceback

import strawberry
from graphql import GraphQLError, GraphQLSyntaxError
from msgspec import to_builtins
from strawberry.extensions import MaskErrors
from strawberry.types import ExecutionContext

from application import refusals
from domain.errors import (
    InvalidTask,
    LabError,
    shorten,
)
from graphql_api.context import Context

MASKED = "Something went wrong here; the server's log says what."
_log = logging.getLogger(__name__)
_TOO_MANY_TOKENS = "Document contains more than"  # graphql-core's parser says it in words alone
_HIDDEN = frozenset({"text", "count"})


class CodedErrors(MaskErrors):
    """Puts ``extensions.code`` on every error."""

    def __init__(self) -> None:
        super().__init__(error_message=MASKED)

    def _process_errors(self, errors: list[GraphQLError]) -> list[GraphQLError]:
        return [coded(error) for error in errors]


class QuietSchema(strawberry.Schema):
    """Logs faults of ours alone; the default logs every query that was refused."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        for error in errors:
            if isinstance(error, GraphQLSyntaxError):
                _code_in_place(error)
            fault = error.original_error
            if isinstance(fault, LabError) and fault.noted:
                _note_refusal(fault.noted, error, execution_context)
            elif error.path is None and not isinstance(fault, LabError):
                told = (error.extensions or {}).get("code", "BAD_REQUEST")
                _note_refusal(str(told), error, execution_context)
            if fault is None or isinstance(fault, LabError | GraphQLError):
                continue
            place = "".join(traceback.format_tb(fault.__traceback__)[-3:])
            _log.error("%s at %s\n%s", type(fault).__name__, error.path, place)


def _note_refusal(code: str, error: GraphQLError, about: ExecutionContext | None) -> None:
    """Who was denied what, from where. Of a document that was refused whole nobody knows yet who sent it."""
    context = about.context if about else None
    field = ".".join(map(str, error.path or ())) or "a document"
    if not isinstance(context, Context):
        refusals.note(code, by="", asked=field, client="")
    elif error.path is None:
        context.find_out(lambda by: refusals.note(code, by=by, asked=field, client=context.client))
    else:
        refusals.note(code, by=context.asker, asked=field, client=context.client)


def _code_in_place(error: GraphQLSyntaxError) -> None:
    """What no parser could read passes by no extension that would answer with another error."""
    code = "TOO_LARGE" if _TOO_MANY_TOKENS in error.message else "BAD_REQUEST"
    error.extensions = {**(error.extensions or {}), "code": code}


def coded(error: GraphQLError) -> GraphQLError:
    """The error as a client sees it. Told twice is told once."""
    fault = error.original_error
    if isinstance(fault, LabError):
        return _retold(error, str(fault), extensions(fault))
    if fault is None or isinstance(fault, GraphQLError):
        known = error.extensions or {}
        code = known.get("code", "BAD_REQUEST")
        return _retold(error, shorten(error.message, 500), {**known, "code": code})
    return _retold(error, MASKED, {"code": "INTERNAL"})


def extensions(fault: LabError) -> dict[str, object]:
    """``code``, ``transient``, the values of the refusal, and every problem of a task file."""
    told: dict[str, object] = {
        name: value
        for name, value in fault.values.items()
        if name not in _HIDDEN and isinstance(value, str | int | float | bool | None)
    }
    told |= {"code": fault.code, "transient": fault.transient}
    if isinstance(fault, InvalidTask):
        told["problems"] = [to_builtins(problem) for problem in fault.problems]
    return told


def _retold(error: GraphQLError, message: str, told: dict[str, object]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=told,
    )
