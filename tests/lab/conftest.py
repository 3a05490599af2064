"""One running API for the command line's tests of a module, and somebody who is signed in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.schemas import unused_schema
from tests.graphql_api.rig import Rig, rig
from tests.lab.shell import Shell


@pytest.fixture(scope="module")
def api(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(postgres, unused_schema("cli"), tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def shell(api: Rig, tmp_path: Path) -> Shell:
    """Somebody who is signed in."""
    made = Shell(api, tmp_path)
    made.ok("login", "--email", api.owner.email)
    return made
