"""The log is copied in pieces that join and verify; a piece that was changed or is not the next shows."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta

import pytest

from application.actor import Actor
from application.actor import system as system_actor
from application.commands.accounts import found_team, register_user
from application.commands.attempts import request_for
from application.commands.compute import add_provider
from application.commands.experiments import create_experiment
from application.commands.jobs import Launch, queue_job
from application.commands.secrets import set_secret
from application.storage_report import storage_report
from domain.audit import SecretOpened, SecretsRead
from domain.jobs import fold
from domain.teams import Role
from server.archive import archive, check_archive, pieces_of
from server.bootstrap import System, master_key
from server.keyring import KeyRing
from server.secret_store import EncryptedSecrets
from server.traced_secrets import TracedSecrets

pytestmark = pytest.mark.postgres


@pytest.fixture
def owner(system: System) -> Actor:
    lab = system.lab
    ann = register_user(
        lab, system_actor("t"), email="a@b.c", name="", password="correct horse battery"
    )
    team = found_team(lab, system_actor("t"), name="lab", owner=ann)
    return Actor(by=f"user:{ann}", user=ann, team=team, role=Role.OWNER)


def breaks(system: System) -> list[tuple[int, ...]]:
    found = check_archive(system.lab.log, system.lab.blobs)
    return [verdict.breaks for _, verdict in found]


def copy(system: System) -> int:
    lab = system.lab
    made = archive(system.dsn, system.settings.schema, log=lab.log, blobs=lab.blobs)
    return sum(piece.rows for piece in made)


def test_pieces_join_and_nothing_is_removed(system: System, owner: Actor) -> None:
    head = system.lab.log.head()
    assert copy(system) == head
    create_experiment(system.lab, owner, name="delta")
    assert copy(system) == system.lab.log.head() - head - 1  # the record of the second is to come
    assert breaks(system) == [(), ()]
    assert len(system.lab.log.read(0, 1_000)) == system.lab.log.head()
    pieces = pieces_of(system.lab.log)
    assert [piece.first for piece in pieces] == [1, pieces[0].last + 1]
    assert storage_report(system.lab.log, system.lab.blobs).unreferenced == 0


def test_a_piece_that_was_changed_names_the_row(system: System, owner: Actor) -> None:
    copy(system)
    lab, (piece,) = system.lab, pieces_of(system.lab.log)
    text = gzip.decompress(b"".join(lab.blobs.read(piece.sha256))).decode()
    other = lab.blobs.put(gzip.compress(text.replace('"version": 1', '"version": 7', 1).encode()))
    changed = type(piece)(
        first=piece.first, last=piece.last, rows=piece.rows, sha256=other,
        originator_id=piece.originator_id, originator_version=0, at=piece.at, by=piece.by,
    )  # fmt: skip
    lab.log.append([changed])
    found = [verdict.breaks for _, verdict in check_archive(lab.log, lab.blobs)]
    assert found[0] == ()
    assert found[1]


def test_a_head_is_signed_once_and_only_when_the_chain_holds(system: System, owner: Actor) -> None:
    *_, verdict = system.proofs.verify()
    assert verdict.breaks == ()
    assert system.proofs.sign(verdict)
    assert not system.proofs.sign(verdict)
    (head,) = system.proofs.heads()
    assert head.holds
    broken = type(verdict)(rows=99, position=99, head="00", breaks=(4,))
    assert not system.proofs.sign(broken)


def test_keys_that_are_opened_for_a_provider_leave_a_trace_once_a_day(
    system: System, owner: Actor
) -> None:
    lab, now = system.lab, [system.lab.clock.now()]

    class Hands:
        def now(self) -> datetime:
            return now[0]

    ring = KeyRing(system.pool, system.settings.schema, master_key(system.settings))
    secrets = EncryptedSecrets(system.pool, system.settings.schema, ring)
    read = TracedSecrets(lab.log, secrets, Hands()).reader("providers")
    with pytest.raises(KeyError):
        read(owner.team, "", "KEY")
    set_secret(lab, owner, name="KEY", value="s3cret k3y")
    for later in (timedelta(), timedelta(hours=23), timedelta(hours=2)):
        now[0] += later
        assert read(owner.team, "", "KEY") == "s3cret k3y"
    told = lab.log.stream(f"audit_{owner.team}")
    assert [(e.name, e.user, e.purpose, e.by) for e in told if isinstance(e, SecretOpened)] == [
        ("KEY", "", "providers", "system:providers")
    ] * 2
    there = {"ssh_host": "h", "ssh_user": "u", "work_folder": "/shared", "ssh_key": "KEY"}
    adapter = lab.providers.tried("slurm", there, team=owner.team)
    assert adapter.around.secret("KEY") == "s3cret k3y"  # type: ignore[attr-defined]  # a Slurm one
    assert len(lab.log.stream(f"audit_{owner.team}")) == 3


def test_secrets_that_are_read_for_a_job_leave_their_names_in_the_log(
    system: System, owner: Actor
) -> None:
    lab = system.lab
    add_provider(
        lab, owner, name="local", kind="local", default=True,
        settings={"cpus": 4, "memory_gib": 4, "accelerators": ""},
    )  # fmt: skip
    set_secret(lab, owner, name="TOKEN", value="t0p s3cret")
    yaml = "name: x\nrun: echo {{secret.TOKEN}}\n"
    job = queue_job(lab, owner, Launch(yaml=yaml, experiment="alpha"))
    request = request_for(lab, fold(lab.log.stream(job)))
    assert request.secrets == {"TOKEN": "t0p s3cret"}
    (read,) = lab.log.stream(f"audit_{owner.team}")
    assert isinstance(read, SecretsRead)
    assert (read.job, read.names) == (job, ("TOKEN",))
