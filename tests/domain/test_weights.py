"""What a second counts against a quota, by accelerator."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import InvalidInput
from domain.resources import Accelerator, Resources
from domain.weights import read_weights, weight_of
from server.settings import Settings

FIELD = "LAB_ACCELERATOR_WEIGHTS"


def on(kind: str, count: int = 1, **more: object) -> Resources:
    return Resources(accelerators=Accelerator(kind=kind, count=count), **more)  # type: ignore[arg-type]


def test_weights_are_read_by_any_spelling_of_an_accelerator() -> None:
    read = read_weights("h100=4, a100_80gb = 2.5,*=0.5", field=FIELD)
    assert read == {"H100": 4.0, "A100-80GB": 2.5, "*": 0.5}
    assert read_weights("", field=FIELD) == {}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("H100", "H100"),
        ("H100=", "H100="),
        ("H100=x", "H100=x"),
        ("A100=1,H100=-1", "H100=-1"),
        ("H100=nan", "H100=nan"),
        ("H100=inf", "H100=inf"),
        ("H100=1e9", "H100=1e9"),
        ("H 100!=2", "H 100!=2"),
        ("=2", "=2"),
        ("H100=2,h100-sxm=3", "h100-sxm=3"),
    ],
)
def test_a_wrong_weight_stops_the_start_and_is_named(text: str, wrong: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        Settings.from_environ({FIELD: text, "LAB_HOME": str(tmp_path)})
    assert (refused.value.values["field"], refused.value.values["value"]) == (FIELD, wrong)


def test_the_setting_reaches_the_settings(tmp_path: Path) -> None:
    settings = Settings.from_environ({FIELD: "H100=4", "LAB_HOME": str(tmp_path)})
    assert settings.accelerator_weights == {"H100": 4.0}


@pytest.mark.parametrize(
    ("resources", "weight"),
    [
        (Resources(), 1),
        (Resources(num_nodes=3), 3),
        (on("H100", 8), 32),
        (on("H100", 8, num_nodes=2), 64),
        (on("L4", 2), 1),
        (on("NVIDIA"), 4),
        (Resources(any_of=(on("H100"), on("L4"))), 4),
        (on("L4", any_of=(Resources(spot=True),)), 0.5),
    ],
)
def test_a_job_counts_its_accelerators_on_all_nodes_and_the_dearest_alternative(
    resources: Resources, weight: float
) -> None:
    assert weight_of(resources, {"H100": 4, "*": 0.5}) == weight


def test_without_weights_every_accelerator_counts_one() -> None:
    assert weight_of(on("H100", 8), {}) == 8
