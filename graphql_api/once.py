"""One answer for all subscribers who are told the same and ask the same of it: executed and encoded once.

A thousand of them would else cost a thousand executions of one document (ADR 0037).
Not here: who may be told what.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from graphql import ExecutionResult, OperationDefinitionNode
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

ANSWERS_AT_MOST = 64
VARIABLES_AT_MOST = 1_000
"""Characters: what is kept for each event is not for a client to make large."""
Asked: TypeAlias = tuple[int, str]
"""The operation of a parsed document, by identity, and its variables."""


class Told:
    """Of an event that is handed to many subscribers: the answers already made of it."""

    def __init__(self) -> None:
        self._answers: dict[Asked, tuple[OperationDefinitionNode, ExecutionResult]] = {}

    def answer(self, asked: Asked) -> ExecutionResult | None:
        known = self._answers.get(asked)
        return known[1] if known else None

    def keep(
        self, asked: Asked, operation: OperationDefinitionNode, answer: ExecutionResult
    ) -> None:
        """For as long as the event; ``operation`` is held, so that its id is nobody else's."""
        if len(self._answers) < ANSWERS_AT_MOST:
            self._answers[asked] = (operation, answer)


class Once(dict[str, Any]):
    """Data of an answer that is sent to many; encoded when it is first sent."""

    text: str | None = None


class OnceExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes as ever, but a shared event once for each document and its variables.

    Only an answer that nothing had to be waited for is shared: who asks is found out by waiting
    (``Context.actor``), so such an answer is the same for everybody.
    """

    def execute_operation(self, serially: bool | None = None) -> Any:
        told = getattr(self.root_value, "told", None)
        variables = repr(self.variable_values.coerced) if isinstance(told, Told) else ""
        if not isinstance(told, Told) or len(variables) > VARIABLES_AT_MOST:
            return super().execute_operation(serially)
        asked = (id(self.operation), variables)
        answer: Any = told.answer(asked)
        if answer is None:
            answer = super().execute_operation(serially)
            if isinstance(answer, ExecutionResult) and answer.data and not answer.errors:
                answer = ExecutionResult(data=Once(answer.data))
                told.keep(asked, self.operation, answer)
        return answer


def encoded(value: object) -> str:
    """JSON. Text: bytes would become binary WebSocket frames, which clients refuse."""
    match value:
        case {"id": id, "type": "next", "payload": {"data": Once() as data, **more}} if not more:
            return f'{{"id":{_plain(id)},"type":"next","payload":{{"data":{_once(data)}}}}}'
    return _plain(value)


def _once(data: Once) -> str:
    if data.text is None:
        data.text = _plain(data)
    return data.text


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
