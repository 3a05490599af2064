"""The catalogue names tests that are there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.attacks.catalogue import ATTACKS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_attack_is_made_by_a_test(attack: str) -> None:
    assert ATTACKS[attack]
    for test in ATTACKS[attack]:
        path, _, name = test.partition("::")
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        named = {
            node.name
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert name in named, test
