"""The published schema is the one the table gives, and agrees with the parser on whole files."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from application.task_schema import json_schema, schema_text
from domain.task_resources import RESOURCE_FIELDS
from domain.task_spec import TASK_FIELDS
from tests.golden.write_tasks import TASKS

DOCS = Path(__file__).parents[2] / "docs"


def accepts(path: Path) -> bool:
    validator = jsonschema.Draft202012Validator(json_schema())
    return validator.is_valid(yaml.safe_load(path.read_text()))


def test_the_published_schema_is_up_to_date() -> None:
    assert (DOCS / "task.schema.json").read_text() == schema_text()


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("name", ["tiny-cpu-check", "sft-grid", "wrapped", "bare-vendor"])
def test_the_schema_accepts_good_files(name: str) -> None:
    assert accepts(TASKS / "good" / f"{name}.yaml")


@pytest.mark.parametrize(
    "slug",
    [
        *("no-name", "no-run", "unknown-top-field", "unknown-resource", "num-nodes-zero"),
        *("cpus-words", "memory-unit", "priority-word", "port-out-of-range", "env-nested"),
        *("parameter-widget", "parameter-unknown-key", "sweep-method", "retries-unknown"),
        *("minutes-zero", "interactive-odd", "spot-word", "disk-or-more", "run-is-a-list"),
    ],
)
def test_the_schema_refuses_what_the_parser_refuses(slug: str) -> None:
    (path,) = (TASKS / "bad").glob(f"*-{slug}.yaml")
    assert not accepts(path)


def test_the_reference_page_names_every_field() -> None:
    page = (DOCS / "task-yaml.md").read_text()
    keys = [f.key for f in (*TASK_FIELDS, *RESOURCE_FIELDS)]
    assert [key for key in keys if f"`{key}`" not in page] == []
