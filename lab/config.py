"""What the run was given: its folder, parameters, secrets and identity; not what it produces."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from lab.journal import Json


def run_folder_given() -> Path | None:
    """The folder the node wrapper made, None outside a job."""
    given = os.environ.get("LAB_RUN_DIR")
    return Path(given) if given else None


def read_parameters(folder: Path) -> dict[str, Json]:
    """The launched parameters, empty when there are none."""
    return _read(folder / "config.json")


def write_parameters(folder: Path, values: Mapping[str, Json]) -> None:
    _replace(folder / "config.json", values)


def read_fields(folder: Path) -> dict[str, Json]:
    """What ``set_job_data_field`` kept."""
    return _read(folder / "fields.json")


def write_fields(folder: Path, values: Mapping[str, Json]) -> None:
    _replace(folder / "fields.json", values)


def get_secret(name: str) -> str | None:
    """The value of a secret that the task refers to, None when the task does not refer to it."""
    return os.environ.get(f"LAB_SECRET_{name}")


def _read(path: Path) -> dict[str, Json]:
    try:
        return cast(dict[str, Json], json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return {}


def _replace(path: Path, values: Mapping[str, Json]) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh.write_text(json.dumps(values, ensure_ascii=False), "utf-8")
    fresh.replace(path)
