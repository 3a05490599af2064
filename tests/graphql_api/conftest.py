"""One running API for a module's tests; every test may make teams and jobs of its own in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.graphql_api.rig import Rig, rig


@pytest.fixture(scope="module")
def api(
    postgres: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Rig]:
    schema = "api_" + request.module.__name__.rpartition(".")[2]
    home: Path = tmp_path_factory.mktemp("home")
    with rig(postgres, schema[:50], home) as running:
        yield running


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
