"""Every example is a task that is accepted, and its programs are Python."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from application.task_yaml import read_task

EXAMPLES = Path(__file__).parents[2] / "examples"
TASKS = sorted(EXAMPLES.glob("*/task.yaml"))
PROGRAMS = sorted(EXAMPLES.rglob("*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(EXAMPLES))


def test_there_are_examples() -> None:
    assert {"multi-node", "train-digits"} <= {path.parent.name for path in TASKS}


@pytest.mark.parametrize("path", TASKS, ids=named)
def test_an_example_is_accepted(path: Path) -> None:
    task = read_task(path.read_text("utf-8"))
    for program in path.parent.glob("*.py"):
        assert program.name in task.run + task.setup, f"{program.name} is not used"


@pytest.mark.parametrize("path", PROGRAMS, ids=named)
def test_an_examples_program_is_python(path: Path) -> None:
    ast.parse(path.read_text("utf-8"), filename=str(path))
