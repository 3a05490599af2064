"""Task files as text: read with the place of every problem, written in one canonical form.

The web editor, the CLI's validation and the API all come here. Not here: what the fields mean
(``domain/task_spec.py``).
"""

from __future__ import annotations

import re

import yaml

from application.yaml_tree import Expander, Places, read_tree, resolve_plain
from domain.errors import shorten
from domain.task_document import to_document
from domain.task_reading import Problems
from domain.task_spec import MOST_BYTES, TaskSpec, parse_task

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EXAMPLE = "Write at least `name: …` and `run: …` lines."
_SYNTAX = (
    ("cannot start any token", "Indent with spaces: YAML does not allow tabs there."),
    ("mapping values are not allowed", "Quote text that has `: ` in it, or mend the indent."),
    (
        "could not find expected ':'",
        "Every line of a mapping is `name: value`; is a colon lost?",
    ),
    ("found unexpected end of stream", "A quote or bracket is opened and never closed."),
    ("expected ',' or", "Close the bracket, or put a comma between its items."),
    ("did not find expected ',' or", "Close the bracket, or put a comma between its items."),
    ("expected <block end>", "Lines of one mapping start in the same column."),
    ("did not find expected key", "Lines of one mapping start in the same column."),
    ("did not find expected '-'", "Items of one list start in the same column."),
    ("unknown escape character", "In double quotes write \\\\ for a backslash."),
    ("undefined alias", "Write `&name` before using `*name`."),
)


def read_task(text: str) -> TaskSpec:
    """The task that ``text`` describes. Raises ``InvalidTask`` with every problem."""
    places = Places()
    problems = Problems(places)
    _check_text(text, problems)
    try:
        root = read_tree(text, problems)
    except yaml.MarkedYAMLError as error:
        _tell_syntax(error, problems)
        root = None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        told = f"is not YAML ({shorten(str(error))})."
        problems.add("", told, way_out="Check quotes, brackets and escapes.")
        root = None
    problems.raise_if_any()
    value = Expander(places, problems).plain(root) if root else None
    if value is None:
        problems.add("", "is empty.", way_out=_EXAMPLE)
        problems.raise_if_any()
    return parse_task(value, problems=problems)


def to_yaml(spec: TaskSpec) -> str:
    """``spec`` as canonical text: ``read_task(to_yaml(spec)) == spec``."""
    return yaml.dump(
        to_document(spec),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=10_000,
        default_flow_style=False,
    )


class _Dumper(yaml.SafeDumper):
    """Quotes what either version of YAML would read as something else; keeps scripts readable."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_./=,+-]*( [A-Za-z0-9_./=,+-]+)*", text):
        surprising = text.lower() in {"yes", "no", "on", "off", "y", "n"}
        return None if resolve_plain(text) == text and not surprising else '"'
    lines = text.split("\n")
    readable = all(line.isprintable() and line == line.rstrip() for line in lines)
    starts = bool(lines[0]) and not lines[0][0].isspace()
    return "|" if len(lines) > 1 and readable and starts else '"'


_Dumper.add_representer(str, _represent_text)


def _check_text(text: str, problems: Problems) -> None:
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        told = f"has more than {MOST_BYTES} bytes ({len(text)} characters)."
        problems.add("", told, way_out="Move data out of it, into files beside the task.")
    elif found := _FORBIDDEN.search(text):
        before = text[: found.start()]
        line, column = before.count("\n") + 1, found.start() - before.rfind("\n")
        told = f"has the character {shorten(found[0])}, which YAML does not allow."
        way_out = 'Take it out, or write it as an escape in double quotes, like "\\e".'
        problems.add_at(told, way_out=way_out, line=line, column=column)
    problems.raise_if_any()


def _tell_syntax(error: yaml.MarkedYAMLError, problems: Problems) -> None:
    said = " ".join(part for part in (error.context, error.problem) if part)
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    usual = "Check quotes, brackets and the indent of this line and the one above."
    way_out = next((hint for part, hint in _SYNTAX if part in said), usual)
    told = f"is not valid YAML here: {shorten(error.problem or said, 120)}."
    problems.add_at(told, way_out=way_out, line=line, column=column)
