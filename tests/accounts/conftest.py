"""The composed system on a schema of its own, with one person in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from application.actor import Actor, person, system
from application.commands.accounts import found_team, register_user
from application.lab import Lab
from domain.teams import Role
from server.bootstrap import System
from server.settings import Settings
from tests.fakes.composed import composed

EMAIL, PASSWORD = "ada@example.org", "correct horse battery"


@dataclass(frozen=True, kw_only=True)
class Ada:
    """Somebody who owns a team."""

    lab: Lab
    user: str
    actor: Actor


@pytest.fixture
def parts(postgres: str, schema: str, tmp_path: Path) -> Iterator[System]:
    settings = Settings(home=tmp_path / "home", schema=schema)
    with composed(settings, postgres, connections=8) as built:
        yield built


@pytest.fixture
def ada(parts: System) -> Ada:
    by = system("test")
    user = register_user(parts.lab, by, email=EMAIL, name="Ada", password=PASSWORD)
    team = found_team(parts.lab, by, name="lab", owner=user)
    return Ada(lab=parts.lab, user=user, actor=person(user, team=team, role=Role.OWNER))
