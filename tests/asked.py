"""What the environment asks of a test run: whether to be long, and whether to skip or to fail.

A part that is missing skips on a laptop and fails with ``CI=true``, where it would hide.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

LONG = os.environ.get("LAB_LONG_TESTS") == "1"
"""Whether minutes may be spent on what seconds show already."""


def missing(what: str) -> NoReturn:
    """End the test because ``what`` is not here; say how to get it."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


def root_only(what: str) -> None:
    """Go on as root alone; ``what`` says why it takes root."""
    if os.geteuid() != 0:
        missing(f"{what} takes root")
