"""Read models are what the log says: replayed twice they are equal, and equal to the live ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import psycopg
import pytest

from application.commands.desks import save_view, star_job
from application.commands.experiments import (
    archive_experiment,
    attach_document,
    create_experiment,
    note_experiment,
)
from application.commands.invitations import invite
from application.commands.job_marks import hide_job, tag_job
from application.commands.jobs import stop_job
from application.commands.notifications import add_channel, pause_channel
from application.commands.quotas import set_quota
from application.commands.rules import set_rule
from application.commands.secrets import set_secret
from application.commands.service_accounts import make_service_account
from application.commands.tasks import archive_task, create_task, revise_task
from domain import budgets
from domain.job_spec import FrozenFile
from domain.notifications import ChannelKind
from domain.rules import Verb
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
    set_quota(lab, me, limit_minutes=5_000)
    for minutes in (0, None):  # warned at once
        set_quota(lab, me, limit_minutes=minutes, user=me.user)
    set_secret(lab, me, name="TOKEN", value="t0p")
    jobs.append(lab_cluster.queue("echo {{secret.TOKEN}} > /dev/null"))
    make_service_account(lab, me, name="robot", role=Role.MEMBER)
    scope, _ = budgets.scopes(team=me.team, user=me.user, at=lab.clock.now())
    warned = budgets.reach_threshold(
        [], scope, used=9, limit=10, now=lab.clock.now(), by=me.by
    )  # Local costs nothing: no command could come to it
    lab.log.append(warned)
    set_rule(lab, me, resource=lab_cluster.provider, subject="everyone", verbs=list(Verb))
    invite(lab, me, role=Role.VIEWER)
    channel, _ = add_channel(
        lab, me, kind=ChannelKind.SLACK, name="bell", address="https://hooks.example.org/x",
        topics=["member.*"],
    )  # fmt: skip
    pause_channel(lab, me, channel)
    _put_on_the_desk(lab_cluster, jobs[0], experiment)
    archive_experiment(lab, me, experiment)
    for job in (*jobs, stopped):
        lab_cluster.ended(job)
    return lab_cluster


def _put_on_the_desk(cluster: Cluster, job: str, experiment: str) -> None:
    """What people put beside the facts."""
    lab, me = cluster.parts.lab, cluster.me
    tag_job(lab, me, job, label="good")
    hide_job(lab, me, job)
    star_job(lab, me, job)
    save_view(lab, me, page="jobs", name="mine", query="status=RUNNING")
    note_experiment(lab, me, experiment, text="It works.")
    digest = lab.blobs.put(b"a page")
    lab.holdings.hold(me.team, digest)
    attach_document(lab, me, experiment, file=FrozenFile(path="a.md", sha256=digest, size=6))


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
            assert [table for table, counted in rows.items() if counted == (0,)] == []


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
