"""Secrets: who was handed which version in which job, and key pairs whose private part nobody sees."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from application.actor import person, system
from application.commands.accounts import register_user
from application.commands.attempts import record
from application.commands.compute import add_provider
from application.commands.job_changes import change_job
from application.commands.jobs import Launch, queue_job
from application.commands.members import add_member
from application.commands.secrets import make_ssh_key, set_secret
from application.queries import Reads
from domain.errors import PermissionDenied
from domain.job_events import JobSecretsGiven
from domain.secrets import SecretSet
from domain.teams import Role
from providers.base import Handle, Submitted
from server.bootstrap import System
from tests.accounts.conftest import PASSWORD, Ada

pytestmark = pytest.mark.postgres

YAML = "name: t\nrun: echo $A\nenvs:\n  A: '{{secret.A}}'\n  B: '{{secret.B}}'\n"


def reads(parts: System) -> Reads:
    for projector in parts.projectors:
        projector.catch_up()
    return Reads(parts.lab, parts.queries, parts.telemetry)


def launched(ada: Ada, job: str) -> None:
    lab, by = ada.lab, system("test")
    change_job(lab, job, lambda j: j.launch(now=lab.clock.now(), by=by.by), actor=by)
    got = Submitted(handle=Handle("x"))
    change_job(lab, job, lambda j: record(lab, j, 1, got, adopted=False), actor=by)


def test_which_job_was_handed_which_version_is_recorded_and_asked(ada: Ada, parts: System) -> None:
    add_provider(ada.lab, ada.actor, name="local", kind="local", settings={"cpus": 1})
    set_secret(ada.lab, ada.actor, name="A", value="the team's")
    set_secret(ada.lab, ada.actor, name="A", value="the team's second")
    set_secret(ada.lab, ada.actor, name="B", value="the team's")
    set_secret(ada.lab, ada.actor, name="B", value="ada's own", personal=True)
    job = queue_job(ada.lab, ada.actor, Launch(yaml=YAML))
    launched(ada, job)
    (given,) = [f for f in ada.lab.log.stream(job) if isinstance(f, JobSecretsGiven)]
    assert [(s.name, s.number, s.user) for s in given.secrets] == [("A", 2, ""), ("B", 1, ada.user)]
    (use,) = reads(parts).given_secrets(ada.actor, "A")
    assert (use.job, use.attempt, use.number, use.user_id) == (job, 1, 2, "")
    register_user(ada.lab, system("test"), email="b@x.org", name="", password=PASSWORD)
    add_member(ada.lab, ada.actor, email="b@x.org", role=Role.AUDITOR)
    auditor = person("somebody else", team=ada.actor.team, role=Role.AUDITOR)
    assert len(reads(parts).given_secrets(auditor, "A")) == 1
    assert reads(parts).given_secrets(auditor, "B") == []  # Ada's own is hers
    with pytest.raises(PermissionDenied):
        viewer = person("somebody else", team=ada.actor.team, role=Role.VIEWER)
        reads(parts).given_secrets(viewer, "A")


def test_a_key_pair_is_made_here_and_only_its_public_part_is_shown(
    ada: Ada, parts: System, tmp_path: Path
) -> None:
    make_ssh_key(ada.lab, ada.actor, name="SLURM_KEY", personal=True, key="once")
    make_ssh_key(ada.lab, ada.actor, name="SLURM_KEY", personal=True, key="once")
    (row,) = reads(parts).secrets(ada.actor)
    assert row.public_key is not None
    assert row.public_key.startswith("ssh-ed25519 ")
    assert row.number == 1
    private = tmp_path / "key"
    private.touch(0o600)
    asked = {"team": ada.actor.team, "user": ada.user, "names": ["SLURM_KEY"]}
    private.write_text(ada.lab.secrets.values(**asked)["SLURM_KEY"])
    argv = ["ssh-keygen", "-y", "-f", str(private)]
    derived = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert derived.split()[:2] == row.public_key.split()[:2]
    facts = [r.event for r in ada.lab.log.read(0, 10_000) if isinstance(r.event, SecretSet)]
    assert "PRIVATE" not in str(facts)
