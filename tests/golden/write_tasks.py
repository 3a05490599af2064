"""Writes the expectation of each bad task file that has none. Existing ones are never touched."""

from __future__ import annotations

from pathlib import Path

from application.task_yaml import read_task
from domain.errors import InvalidTask

TASKS = Path(__file__).parent / "tasks"


def refusal(path: Path) -> str:
    """What is told about the file; a file that is accepted says so."""
    try:
        read_task(path.read_bytes().decode())
    except InvalidTask as error:
        return f"{error}\n"
    return "ACCEPTED\n"


def write_missing() -> list[Path]:
    """The expectation files that were written."""
    written = []
    for path in sorted((TASKS / "bad").glob("*.yaml")):
        expectation = path.with_suffix(".txt")
        if not expectation.exists():
            expectation.write_text(refusal(path))
            written.append(expectation)
    return written


if __name__ == "__main__":
    for path in write_missing():
        print(path)
