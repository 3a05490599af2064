"""The guards are what the log makes of them, and a guard that is not is told."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from application.actor import Actor
from application.actor import system as system_actor
from application.commands.accounts import found_team, register_user
from application.commands.compute import add_provider
from application.commands.experiments import create_experiment, rename_experiment
from application.commands.jobs import Launch, queue_job, stop_job
from application.commands.quotas import set_quota
from application.commands.tasks import archive_task, create_task
from application.proof import prove_guards
from application.storage_report import storage_report
from domain.teams import Role
from server.bootstrap import System

pytestmark = pytest.mark.postgres

YAML = "name: t\nrun: echo\n"


@pytest.fixture
def used(system: System) -> System:
    """A lab in which names were taken, changed and freed, and quota was held, given back and set."""
    lab = system.lab
    ann = register_user(
        lab, system_actor("test"), email="a@b.c", name="", password="correct horse battery"
    )
    team = found_team(lab, system_actor("test"), name="lab", owner=ann)
    me = Actor(by=f"user:{ann}", user=ann, team=team, role=Role.OWNER)
    add_provider(lab, me, name="Local", kind="local")
    one = create_experiment(lab, me, name="one")
    rename_experiment(lab, me, one, name="two")
    create_experiment(lab, me, name="one")
    archive_task(lab, me, create_task(lab, me, experiment="two", yaml=YAML))
    create_task(lab, me, experiment="two", yaml=YAML)
    set_quota(lab, me, limit_minutes=500)
    queue_job(lab, me, Launch(yaml=YAML, minutes_requested=30))
    stop_job(lab, me, queue_job(lab, me, Launch(yaml=YAML, minutes_requested=60)))
    return system


def test_the_guards_of_a_used_lab_are_proved(used: System) -> None:
    assert prove_guards(used.lab.log) == []


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("update {}.guards set used = used + 1 where scope like 'team:%' and kind = 'quota'", 2),
        ("update {}.guards set lim = 7 where scope like 'user:%'", 1),
        ("delete from {}.guards where scope like 'experiment:%:two'", 1),
        ("update {}.guards set ref = 'x' where scope like 'provider:%:local'", 1),
    ],
)
def test_a_guard_that_is_not_what_the_log_says_is_told(used: System, spoil: str, told: int) -> None:
    with psycopg.connect(used.dsn, autocommit=True) as conn:
        conn.execute(sql.SQL(spoil).format(sql.Identifier(used.settings.schema)))
    differences = prove_guards(used.lab.log)
    assert len(differences) == told
    assert "the log says" in str(differences[0])


def test_bytes_that_nothing_names_are_told(used: System) -> None:
    used.lab.blobs.put(b"loose")
    report = storage_report(used.lab.log, used.lab.blobs)
    assert (report.blobs, report.unreferenced, report.unreferenced_bytes) == (1, 1, 5)
