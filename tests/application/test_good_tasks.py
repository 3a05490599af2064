"""Good task files are read with their meaning, and written back as the same task."""

from __future__ import annotations

from pathlib import Path

import pytest

from application.task_yaml import read_task, to_yaml
from domain.accelerators import KNOWN, normalise
from domain.job_spec import RetryPolicy
from domain.resources import Accelerator
from domain.sweep_def import SweepMethod
from domain.task_resources import each_alternative
from domain.task_spec import TaskSpec
from tests.golden.write_tasks import TASKS

GOOD = sorted((TASKS / "good").glob("*.yaml"))


def good(name: str) -> TaskSpec:
    return read_task((TASKS / "good" / f"{name}.yaml").read_text())


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
def test_a_good_task_survives_being_written_and_read_again(path: Path) -> None:
    task = read_task(path.read_text())
    assert read_task(to_yaml(task)) == task


def test_every_field_is_honoured() -> None:
    task = good("every-field")
    asked = task.resources
    assert asked.accelerators == Accelerator(kind="A100-80GB", count=4)
    assert (asked.cpus, asked.cpus_or_more, asked.memory_gib) == (8, True, 62.5)
    assert (asked.disk_gib, asked.spot, asked.ports) == (1024, True, (8080, 6006))
    assert (asked.instance_type, asked.cloud, asked.zone) == (
        "p4de.24xlarge",
        "aws",
        "eu-central-1a",
    )
    assert (task.timeout_s, task.launch_timeout_s, task.priority) == (9000, 900, 75)
    assert task.retries == RetryPolicy(user=1, platform=5, backoff_s=30)
    assert task.secrets == ("HF_TOKEN",)
    assert task.sweeps is not None
    assert task.sweeps.method is SweepMethod.BAYESIAN
    assert (task.minutes_requested, task.interactive) == (600, "jupyter")


def test_environment_values_are_kept_as_typed() -> None:
    envs = good("every-field").envs
    written = {"VERSION": "1.10", "FLAG": "no", "DATE": "2024-01-01", "OCTAL": "012"}
    assert {k: envs[k] for k in written} == written


def test_alternatives_lie_over_the_request_in_order() -> None:
    first, second = each_alternative(good("every-field").resources)
    assert first.accelerators == Accelerator(kind="H100", count=8)
    assert (first.region, first.memory_gib) == ("us-east-1", 62.5)
    assert (second.region, second.memory_gib, second.memory_or_more) == ("eu-central-1", 32, True)


def test_the_examples_of_the_reference_run_unchanged() -> None:
    assert good("tiny-cpu-check").envs == {"N": "100"}
    grid = good("sft-grid").sweeps
    assert grid is not None
    assert grid.grid_size() == 6
    assert good("wrapped").name == "wrapped"


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("a100_80gb", "A100-80GB"),
        ("NVIDIA A100-SXM4-80GB", "A100-80GB"),
        ("Tesla T4", "T4"),
        ("rtx 4090", "RTX4090"),
        ("GeForce RTX 4090", "RTX4090"),
        ("mi300x", "MI300X"),
        ("nvidia", "NVIDIA"),
        ("applesilicon", "AppleSilicon"),
        ("tpu-v5e-8", "tpu-v5e-8"),
        ("Hopper9000", "Hopper9000"),
        ("rm -rf; x", None),
    ],
)
def test_an_accelerator_has_one_spelling(written: str, kind: str | None) -> None:
    assert normalise(written) == kind


def test_known_accelerator_names_are_their_own_spelling() -> None:
    assert [n for n in KNOWN if normalise(n) != n] == []
