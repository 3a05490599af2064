"""Planted secrets, searched for in every table, file, log, answer and process of an installation."""

from __future__ import annotations

import base64
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from application.actor import Actor, system
from application.commands.accounts import open_session, register_user
from application.commands.invitations import invite
from application.commands.secrets import set_secret
from application.commands.tokens import issue_token
from domain.teams import Role
from tests.acceptance.client import Client
from tests.acceptance.cluster import Cluster, wait_until
from tests.acceptance.leaks import arguments, leaks
from tests.graphql_api.test_permission_matrix import fields, operation

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance]

TEAMS, OWN, PASSWORD = "canary-team-5f1e0c7a9d", "canary-own-77aa1c9be4", "canary-word-31337-horse"
RUN = """\
echo "printed $A $B" '{{secret.TEAMS}}'
python3 - <<'P'
import os, lab
a = os.environ["A"]
lab.init()
lab.log_metrics({"loss": 1.0}, step=1)
lab.update_progress(50, message=f"with {a}")
lab.finish(f"ended with {a}", score={"a": 1})
P
until [ -e "$GATE" ]; do sleep 0.05; done
"""


def test_planted_secrets_are_found_nowhere(lab_cluster: Cluster, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    canaries = plant(lab_cluster)
    lab_cluster.start("worker", anew=True)
    lab_cluster.start("web", anew=True)
    job = lab_cluster.queue(
        RUN,
        envs=f'{{GATE: {gate}, A: "{{{{secret.TEAMS}}}}", B: "{{{{secret.OWN}}}}"}}',
        setup='"true {{secret.OWN}}"',
    )
    canaries.append(
        lab_cluster.parts.lab.credentials.job_token(job, 1, now=lab_cluster.parts.lab.clock.now())
    )
    told: dict[str, str] = {}

    def printed() -> bool:
        told.update(leaks(arguments(), canaries))
        row = lab_cluster.job(job)
        return row is not None and any("printed ***" in line for line in lab_cluster.lines(row))

    wait_until(printed)
    told |= leaks(answers(lab_cluster, job), canaries)
    gate.touch()
    assert lab_cluster.ended(job).status == "COMPLETE"
    told |= leaks(answers(lab_cluster, job) | tables(lab_cluster), canaries)
    told |= leaks(files(lab_cluster.home), canaries)
    row = lab_cluster.job(job)
    assert row is not None
    assert row.message == "ended with ***", str(lab_cluster.lines(row))[-1500:]
    assert told == {}


def plant(lab_cluster: Cluster) -> list[str]:
    """Everything secret that an installation can be given, and forms it may be hidden in."""
    lab, me = lab_cluster.parts.lab, lab_cluster.me
    set_secret(lab, me, name="TEAMS", value=TEAMS)
    set_secret(lab, me, name="OWN", value=OWN, personal=True)
    eve = register_user(lab, system("t"), email="eve@example.org", name="", password=PASSWORD)
    session = open_session(lab, eve).secret
    _, token = issue_token(
        lab, Actor(by=me.by, user=me.user, team=me.team, role=Role.OWNER), name="x"
    )
    _, invitation = invite(lab, me, role=Role.VIEWER, email="frank@example.org")
    key = (lab_cluster.home / "master.key").read_text()
    plain = [TEAMS, OWN, PASSWORD, session, token, invitation]
    packed = [base64.b64encode(text.encode()).decode().rstrip("=") for text in (TEAMS, OWN)]
    return [*plain, *packed, key, "frank@example.org"]


def tables(lab_cluster: Cluster) -> dict[str, str]:
    """Every row of every table as text, and every binary value as it would read."""
    found = {}
    query = "select table_name from information_schema.tables where table_schema = %s"
    with psycopg.connect(lab_cluster.dsn) as conn:
        for (name,) in conn.execute(query, (lab_cluster.schema,)).fetchall():
            table = sql.Identifier(lab_cluster.schema, name)
            rows = conn.execute(sql.SQL("select * from {}").format(table)).fetchall()
            cells = [cell for row in rows for cell in row]
            raw = [bytes(c).decode("latin-1") for c in cells if isinstance(c, bytes)]
            found[f"table {name}"] = "\n".join([*map(str, cells), *raw])
    assert len(found) > 20
    return found


def files(home: Path) -> dict[str, str]:
    """Every file of the installation that others could read, and every log; not the key itself."""
    kept = [p for p in home.rglob("*") if p.is_file() and p.name != "master.key"]
    return {
        str(path): path.read_text(errors="replace")
        for path in kept
        if path.suffix in (".log", ".jsonl") or path.stat().st_mode & 0o077
    }


def answers(lab_cluster: Cluster, job: str) -> dict[str, str]:
    """What every query answers, and the log as a download."""
    found = {}
    with Client(lab_cluster.port, lab_cluster.token) as client:
        for kind, name, field in fields():
            if kind == "query":
                body = {"query": operation(kind, name, field, {"job": job})}
                found[f"query {name}"] = client.http.post("/graphql", json=body).text
        found["log"] = client.http.get(f"/api/jobs/{job}/log").text
        deep = "{jobs{edges{node{spec parameters why message progress{message}}}}"
        deep += " invitations{id} secrets{name} events(limit:500){events{data}}}"
        found["deep"] = client.http.post("/graphql", json={"query": deep}).text
    return found
