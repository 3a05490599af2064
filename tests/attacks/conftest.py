"""One running server that is attacked, with a team of its own and one of somebody else's."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.graphql_api.conftest import api
from tests.graphql_api.rig import Rig
from tests.graphql_api.test_permission_matrix import Team

__all__ = ["api"]
Noted = Callable[[str], str]


@pytest.fixture(scope="module")
def ours(api: Rig) -> Team:
    return Team(api, "ours")


@pytest.fixture(scope="module")
def theirs(api: Rig) -> Team:
    return Team(api, "theirs")


@pytest.fixture
def noted(caplog: pytest.LogCaptureFixture) -> Noted:
    """Wait for a line of the security log with these words, and return it."""

    def find(words: str) -> str:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            for record in list(caplog.records):
                if record.name == "labledger.security" and words in record.getMessage():
                    return record.getMessage()
            time.sleep(0.02)
        raise AssertionError(f"{words!r} was not noted: {[r.getMessage() for r in caplog.records]}")

    return find
