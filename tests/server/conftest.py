"""The system as it is composed, on a schema of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.bootstrap import System
from server.settings import Settings
from tests.fakes.composed import composed


@pytest.fixture
def system(postgres: str, schema: str, tmp_path: Path) -> Iterator[System]:
    settings = Settings(home=tmp_path / "home", schema=schema)
    with composed(settings, postgres, connections=4) as built:
        yield built
