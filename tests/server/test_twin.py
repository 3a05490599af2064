"""A read model that was edited by hand is told by row and column; one that was not is left alone."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from application.actor import Actor
from application.actor import system as system_actor
from application.commands.accounts import found_team, register_user
from application.commands.experiments import create_experiment
from domain.teams import Role
from projections.projector import END
from projections.rebuild import Difference
from projections.workspace import WORKSPACE_PROJECTION
from server.bootstrap import System
from server.twin import replayed

pytestmark = pytest.mark.postgres


@pytest.fixture
def owner(system: System) -> Actor:
    """The owner of a team, with read models that show everything."""
    lab = system.lab
    ann = register_user(
        lab, system_actor("t"), email="a@b.c", name="", password="correct horse battery"
    )
    team = found_team(lab, system_actor("t"), name="lab", owner=ann)
    for projector in system.projectors:
        projector.catch_up()
    return Actor(by=f"user:{ann}", user=ann, team=team, role=Role.OWNER)


def differences(system: System, upto: int = END) -> list[Difference]:
    with psycopg.connect(system.dsn, autocommit=True) as conn:
        told = list(replayed(conn, system.settings.schema, upto=upto))
        left = conn.execute(
            "select 1 from pg_namespace where nspname = %s", (f"{system.settings.schema}_twin",)
        ).fetchall()
    assert left == []
    return [difference for one in told for difference in one.differences]


def experiments(system: System) -> sql.Identifier:
    """The table of that name, as it is called now."""
    name = WORKSPACE_PROJECTION.table_name("experiments")
    return sql.Identifier(system.settings.schema, name)


def test_read_models_are_what_the_log_makes_of_them(system: System, owner: Actor) -> None:
    assert differences(system) == []
    create_experiment(system.lab, owner, name="delta")  # which they do not show yet
    assert differences(system) == []
    assert differences(system, upto=3) == []


def test_a_hand_edited_cell_is_named(system: System, owner: Actor) -> None:
    (row,) = [e for e in system.queries.experiments(owner.team) if e.name == "beta"]
    with psycopg.connect(system.dsn, autocommit=True) as conn:
        table = experiments(system)
        edit = sql.SQL("update {} set name = 'BETA' where id = %s").format(table)
        conn.execute(edit, (row.id,))
    (found,) = differences(system)
    assert (found.table, found.key, found.column) == ("experiments", row.id, "name")
    assert (found.live, found.rebuilt) == ("BETA", "beta")


def test_a_row_that_was_deleted_or_made_up_is_named(system: System, owner: Actor) -> None:
    (row,) = [e for e in system.queries.experiments(owner.team) if e.name == "beta"]
    with psycopg.connect(system.dsn, autocommit=True) as conn:
        table = experiments(system)
        conn.execute(sql.SQL("delete from {} where id = %s").format(table), (row.id,))
        made_up = sql.SQL("insert into {} (id, position, name) values ('exp_x', 1, 'x')")
        conn.execute(made_up.format(table))
    assert {(d.key, d.column) for d in differences(system)} == {(row.id, "id"), ("exp_x", "id")}
