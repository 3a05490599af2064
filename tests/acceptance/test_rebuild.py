"""Read models are what the log says: replayed twice they are equal, and equal to the live ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import psycopg
import pytest

from application.commands.experiments import archive_experiment, create_experiment
from application.commands.invitations import invite
from application.commands.jobs import stop_job
from application.commands.notifications import add_channel, pause_channel
from application.commands.quotas import set_quota
from application.commands.secrets import set_secret
from application.commands.tasks import archive_task, create_task, revise_task
from domain.notifications import ChannelKind
from domain.teams import Role
from projections.catalogue import PROJECTIONS
from projections.rebuild import compare, replay
from tests.acceptance.client import yaml_of
from tests.acceptance.cluster import ROOT, Cluster
from tests.acceptance.scratch import scratch_schema

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance]

SAVING = """\
python3 -c 'import lab; lab.init(); open("w", "w").write("1")
lab.save_checkpoint("w", step=1); lab.save_artifact("w"); lab.finish(score={"acc": 1})'
"""


@pytest.fixture
def used(lab_cluster: Cluster) -> Cluster:
    """An installation in which a bit of everything has happened; its worker goes on."""
    lab, me = lab_cluster.parts.lab, lab_cluster.me
    lab_cluster.start("worker")
    lab_cluster.start("web")  # what a job saves is uploaded through it
    jobs = [lab_cluster.queue(run) for run in ("true", "exit 3", SAVING)]
    jobs += [lab_cluster.queue("exit 1", retries="{user: 1, backoff: 0.1s}")]
    stopped = lab_cluster.queue("sleep 60")
    stop_job(lab, me, stopped, grace_s=0)
    experiment = create_experiment(lab, me, name="delta")
    task = create_task(lab, me, experiment=experiment, yaml=yaml_of("true"))
    revise_task(lab, me, task, yaml=yaml_of("false"))
    archive_task(lab, me, task)
    archive_experiment(lab, me, experiment)
    set_quota(lab, me, limit_minutes=5_000)
    for minutes in (0, None):  # warned at once
        set_quota(lab, me, limit_minutes=minutes, user=me.user)
    set_secret(lab, me, name="TOKEN", value="t0p")
    invite(lab, me, role=Role.VIEWER)
    channel, _ = add_channel(
        lab, me, kind=ChannelKind.SLACK, name="bell", address="https://hooks.example.org/x",
        topics=["member.*"],
    )  # fmt: skip
    pause_channel(lab, me, channel)
    for job in (*jobs, stopped):
        lab_cluster.ended(job)
    return lab_cluster


def test_two_replays_are_equal_and_equal_to_the_live_read_models(used: Cluster) -> None:
    names = ("rebuilt_a", "rebuilt_b")
    upto = used.parts.lab.log.head()
    with (
        scratch_schema(used.dsn, names[0]),
        scratch_schema(used.dsn, names[1]),
        psycopg.connect(used.dsn, autocommit=True) as conn,
    ):
        for projection in PROJECTIONS:
            for name in names:
                replay(conn, projection, name, log_schema=used.schema, upto=upto)
            assert compare(conn, projection, *names) == []
            assert compare(conn, projection, used.schema, names[0], upto=upto) == []
            tables = [projection.table_name(table.name) for table in projection.tables]
            rows = {
                t: conn.execute(f"select count(*) from rebuilt_a.{t}").fetchone() for t in tables
            }
            assert all(counted != (0,) for counted in rows.values()), rows


def test_a_read_model_is_rebuilt_while_a_worker_runs(used: Cluster) -> None:
    before = [used.queue("true") for _ in range(5)]
    done = server(used, "rebuild", "jobs")
    assert "jobs was rebuilt to position" in done
    after = used.queue("true")
    for job in (*before, after):
        assert used.ended(job).status == "COMPLETE"
    assert not used.died("worker")
    told = json.loads(server(used, "status"))
    assert {p["halted"] for p in told["projections"].values()} == {None}


def server(used: Cluster, *arguments: str) -> str:
    """What ``python -m server ARGUMENTS`` prints, when it succeeds."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("LAB_")}
    env |= {
        "LAB_DATABASE_URL": used.dsn,
        "LAB_DATABASE_SCHEMA": used.schema,
        "LAB_HOME": str(used.home),
    }
    argv = [sys.executable, "-m", "server", *arguments]
    done = subprocess.run(argv, cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    return done.stdout
