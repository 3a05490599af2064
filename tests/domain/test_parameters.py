"""Parameters are checked by the server: type, limits, options, required, unknown names."""

from __future__ import annotations

import pytest

from domain.errors import InvalidTask
from domain.parameters import ParameterDef, ParameterType, coerce_text, resolve

LR = ParameterDef(type=ParameterType.FLOAT, default=0.1, least=0.001, most=1)
OPT = ParameterDef(type=ParameterType.ENUM, options=("adam", "sgd", 3, True), default="adam")
LAYERS = ParameterDef(type=ParameterType.INT, default=[64, 64])
NEEDED = ParameterDef(type=ParameterType.STRING, required=True)


def test_defaults_and_overrides_are_reduced_to_values() -> None:
    definitions = {"lr": LR, "opt": OPT, "layers": LAYERS}
    assert resolve(definitions, {"lr": 1, "layers": [8]}) == {
        "lr": 1.0,
        "opt": "adam",
        "layers": [8],
    }


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({"lr": 2}, "parameters.lr: 2 is above max 1. Give a number from 0.001 to 1."),
        ({"lr": "0.1"}, 'parameters.lr: "0.1" is not a number.'),
        ({"lr": True}, "parameters.lr: true is not a number."),
        ({"lr": [0.1]}, "parameters.lr: a list is not a number."),
        ({"opt": "adma"}, 'parameters.opt: "adma" is not an option.'),
        ({"lrr": 1}, "parameters.lrr: is not a parameter of this task. Did you mean `lr`?"),
    ],
)
def test_a_bad_override_is_refused_by_name(overrides: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidTask) as refused:
        resolve({"lr": LR, "opt": OPT}, overrides)
    assert told in str(refused.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(InvalidTask) as refused:
        resolve({"lr": LR, "who": NEEDED}, {"lr": 5, "x": 1})
    assert len(refused.value.problems) == 3


@pytest.mark.parametrize(
    ("definition", "text", "value"),
    [
        (LR, "1e-2", 0.01),
        (LR, "abc", "abc"),
        (LAYERS, "1,2", [1, 2]),
        (LAYERS, "[1, 2]", [1, 2]),
        (OPT, "3", 3),
        (OPT, "true", True),
        (ParameterDef(type=ParameterType.INT), "7", 7),
        (ParameterDef(type=ParameterType.BOOL), "no", False),
        (ParameterDef(type=ParameterType.STRING), "7", "7"),
    ],
)
def test_text_of_a_command_line_becomes_the_declared_type(
    definition: ParameterDef, text: str, value: object
) -> None:
    assert coerce_text(definition, text) == value
