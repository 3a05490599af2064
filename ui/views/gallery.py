"""Tasks that come with the product: read from files beside this one, checked like any other."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec

from application.task_yaml import read_task

FOLDER = Path(__file__).resolve().parent.parent / "gallery"
ORDER = ("shell", "digits", "finetune", "evaluate", "distributed")


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """``key`` is its part of an address."""

    key: str
    name: str
    description: str
    machine: str
    yaml: str


@lru_cache(maxsize=1)
def gallery() -> tuple[Example, ...]:
    """In the order of what somebody new would try."""
    return tuple(_example(key) for key in ORDER)


def example(key: str) -> Example | None:
    return next((one for one in gallery() if one.key == key), None)


def _example(key: str) -> Example:
    yaml = (FOLDER / f"{key}.yaml").read_text("utf-8")
    task = read_task(yaml)
    wanted = task.resources.accelerators
    machine = f"{wanted.count}×{wanted.kind}" if wanted else "CPU"
    if task.resources.num_nodes > 1:
        machine = f"{task.resources.num_nodes} × {machine}"
    return Example(
        key=key, name=task.name, description=task.description, machine=machine, yaml=yaml
    )
