"""The JSON Schema of ``task.yaml`` for editors, made from the table that the parser reads by.

It is looser than the parser where a schema cannot say the rule (a default within its limits).
"""

from __future__ import annotations

import json

from domain.task_resources import section_schema
from domain.task_spec import TASK_FIELDS


def json_schema() -> dict[str, object]:
    """Draft 2020-12. An outer ``task:`` is accepted, as the parser does."""
    task = section_schema(tuple(TASK_FIELDS))
    wrapped = {
        "type": "object",
        "properties": {"task": {"$ref": "#/$defs/task"}},
        "required": ["task"],
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Labledger task.yaml",
        "anyOf": [{"$ref": "#/$defs/task"}, wrapped],
        "$defs": {"task": task},
    }


def schema_text() -> str:
    """The schema as the file that is published."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
