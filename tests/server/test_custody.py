"""A new master key while everything runs, and a person who is erased everywhere."""

from __future__ import annotations

import base64
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from application.actor import Actor, person
from application.actor import system as system_actor
from application.commands.accounts import found_team, open_session, register_user, sign_in
from application.commands.invitations import accept_invitation, invite
from application.commands.members import add_member, archive_team, transfer_team
from application.commands.secrets import set_secret
from application.proof import prove_guards
from application.queries import Reads
from domain.errors import InvalidInput, NotAuthenticated
from domain.installation import MasterKeyRotated
from domain.teams import Role
from domain.users import UserErased
from server.bootstrap import System
from server.custody import catch_up, erase, next_key, note_rotation, wrap_anew
from server.keyring import PURPOSES, KeyRing, rotate
from server.keys import MasterKey, MasterKeyUnusable
from server.postgres.chain import exported, formulas, stored, verify
from server.settings import Settings
from server.vault import CACHED_S, ERASED, PersonVault
from tests.fakes.composed import composed
from tests.fakes.schemas import unused_schema

pytestmark = pytest.mark.postgres
PASSWORD = "correct horse battery"
ADA, BOB = "ada@example.org", "bob@example.org"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, schema=unused_schema("custody"))


@pytest.fixture
def parts(postgres: str, settings: Settings) -> Iterator[System]:
    with composed(settings, postgres) as made:
        yield made


@pytest.fixture
def owner(parts: System) -> Actor:
    user = register_user(parts.lab, system_actor("t"), email=ADA, name="Ada", password=PASSWORD)
    team = found_team(parts.lab, system_actor("t"), name="lab", owner=user)
    project(parts)
    return Actor(by=f"user:{user}", user=user, team=team, role=Role.OWNER)


def project(parts: System) -> None:
    catch_up(parts)


def names(parts: System, actor: Actor) -> list[tuple[str, str]]:
    project(parts)
    members = Reads(parts.lab, parts.queries, parts.telemetry).members(actor)
    return [(m.person.email, m.person.name) for m in members]


@contextmanager
def load(parts: System, owner: Actor) -> Iterator[list[str]]:
    """Somebody sets and reads secrets and names without a pause; what went wrong."""
    wrong: list[str] = []
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            value = f"value {number}"
            set_secret(parts.lab, owner, name="KEY", value=value)
            asked = {"team": owner.team, "user": owner.user, "names": ["KEY"]}
            if parts.lab.secrets.values(**asked) != {"KEY": value}:
                wrong.append(value)
            if names(parts, owner) != [(ADA, "Ada")]:
                wrong.append("name")

    worker = threading.Thread(target=work)
    worker.start()
    yield wrong
    stop.set()
    worker.join()


def test_a_new_master_key_disturbs_nothing_that_runs(
    postgres: str, settings: Settings, parts: System, owner: Actor
) -> None:
    session = open_session(parts.lab, owner.user)
    token = parts.lab.credentials.job_token("job_1", 1, now=parts.lab.clock.now())
    old = (settings.home / "master.key").read_text()
    with load(parts, owner) as wrong:
        for _ in range(5):
            new = next_key(settings, "")
            assert wrap_anew(settings, parts.pool, new) == len(PURPOSES)
            note_rotation(settings, parts.pool, new)
            note_rotation(settings, parts.pool, new)
    assert wrong == []
    assert (settings.home / "master.key").read_text() != old
    assert not (settings.home / "master.key.next").exists()
    with composed(settings, postgres) as again:
        assert names(again, owner) == [(ADA, "Ada")]
        asked = {"team": owner.team, "user": owner.user, "names": ["KEY"]}
        assert again.lab.secrets.values(**asked) == parts.lab.secrets.values(**asked)
        assert again.lab.credentials.job_token("job_1", 1, now=again.lab.clock.now()) == token
        assert again.lab.credentials.find(session.secret) is not None
        assert sign_in(again.lab, email=ADA, password=PASSWORD).user == owner.user
    facts = [r.event for r in parts.lab.log.read(0, 10**6)]
    assert len([f for f in facts if isinstance(f, MasterKeyRotated)]) == 5
    other = replace(settings, master_key=old)
    with pytest.raises(MasterKeyUnusable), composed(other, postgres):
        pass


def test_a_rotation_that_was_cut_short_is_finished_by_the_next(
    postgres: str, settings: Settings, parts: System, owner: Actor
) -> None:
    new = next_key(settings, "")
    rotate(parts.pool, settings.schema, old=MasterKey.from_file(settings.master_key_file), new=new)
    with pytest.raises(MasterKeyUnusable), composed(settings, postgres):
        pass
    assert wrap_anew(settings, parts.pool, next_key(settings, "")) == 0
    with composed(settings, postgres) as again:
        assert names(again, owner) == [(ADA, "Ada")]


def test_a_key_may_come_from_a_command(postgres: str, settings: Settings, parts: System) -> None:
    key = (settings.home / "master.key").read_text()
    (settings.home / "service").write_text(key)
    asked = replace(settings, master_key_command=f"cat {settings.home}/service")
    settings.master_key_file.unlink()
    with composed(asked, postgres) as again:
        assert again.lab.vault.digest("x") == parts.lab.vault.digest("x")
    with (
        pytest.raises(MasterKeyUnusable, match="did not print it"),
        composed(replace(settings, master_key_command="false"), postgres),
    ):
        pass
    with pytest.raises(InvalidInput, match="LAB_NEW_MASTER_KEY"):
        next_key(asked, "")


def test_an_erased_person_is_named_nowhere_and_may_come_back_as_another(
    postgres: str, settings: Settings, parts: System, owner: Actor
) -> None:
    bob = register_user(parts.lab, system_actor("t"), email=BOB, name="Bob", password=PASSWORD)
    _, secret = invite(parts.lab, owner, role=Role.MEMBER, email=BOB)
    accept_invitation(parts.lab, Actor(by=f"user:{bob}", user=bob), secret, email=BOB)
    me = Actor(by=f"user:{bob}", user=bob, team=owner.team, role=Role.MEMBER)
    set_secret(parts.lab, me, name="MINE", value="v", personal=True)
    session = open_session(parts.lab, bob)
    assert (BOB, "Bob") in names(parts, owner)
    with composed(settings, postgres) as elsewhere:
        assert erase(elsewhere, BOB) == bob
        assert erase(elsewhere, bob) == bob
    project(parts)
    row = parts.queries.user(bob)
    assert row is not None
    end = time.monotonic() + 2 * CACHED_S
    while parts.lab.vault.open(bob, row.email_sealed) != ERASED:
        assert time.monotonic() < end
        time.sleep(0.1)
    (invited,) = Reads(parts.lab, parts.queries, parts.telemetry).invitations(owner)
    assert invited.email == ERASED
    assert names(parts, owner) == [(ADA, "Ada")]
    assert parts.lab.credentials.find(session.secret) is None
    assert not parts.lab.secrets.names(team=owner.team, user=bob)
    with pytest.raises(NotAuthenticated):
        sign_in(parts.lab, email=BOB, password=PASSWORD)
    facts = [r.event for r in parts.lab.log.read(0, 10**6)]
    assert len([f for f in facts if isinstance(f, UserErased)]) == 1
    assert BOB not in repr(facts)
    with psycopg.connect(postgres) as conn:
        assert verify(conn, settings.schema).breaks == ()
    assert prove_guards(parts.lab.log) == []
    again = register_user(parts.lab, system_actor("t"), email=BOB, name="Bob", password=PASSWORD)
    assert again != bob
    assert prove_guards(parts.lab.log) == []


def test_somebody_who_alone_owns_a_team_is_not_erased(parts: System, owner: Actor) -> None:
    second = found_team(parts.lab, owner, name="second", owner=owner.user)
    with pytest.raises(InvalidInput, match="hand it over"):
        erase(parts, ADA)
    archive_team(parts.lab, person(owner.user, team=second, role=Role.OWNER), name="second", live=0)
    with pytest.raises(InvalidInput, match="hand it over"):
        erase(parts, ADA)
    assert names(parts, owner) == [(ADA, "Ada")]
    bob = register_user(parts.lab, system_actor("t"), email=BOB, name="Bob", password=PASSWORD)
    add_member(parts.lab, owner, email=BOB, role=Role.ADMIN)
    transfer_team(parts.lab, owner, user=bob)
    project(parts)
    erase(parts, ADA)
    bobs = person(bob, team=owner.team, role=Role.OWNER)
    assert names(parts, bobs) == [(BOB, "Bob")]


def test_people_erased_under_load_are_found_in_no_table_and_no_export(
    postgres: str, settings: Settings, parts: System, owner: Actor
) -> None:
    """Whole rows of every table as text, and every line of the export, hold nobody's name or address."""
    marks = [f"erased{n}-{secrets.token_hex(6)}" for n in range(4)]
    people = [
        register_user(
            parts.lab, system_actor("t"), email=f"{m}@example.org", name=m, password=PASSWORD
        )
        for m in marks
    ]
    with load(parts, owner) as wrong, composed(settings, postgres) as elsewhere:
        for user in people:
            add_member(parts.lab, owner, email=_address(parts, user), role=Role.VIEWER)
            assert erase(elsewhere, user) == user
            new = next_key(settings, "")
            assert wrap_anew(settings, parts.pool, new) == len(PURPOSES)
    assert [
        w for w in wrong if w != "name"
    ] == []  # who is about to be erased is a member meanwhile
    with psycopg.connect(postgres) as conn:
        assert verify(conn, settings.schema).breaks == ()
        told = "\n".join(exported(stored(conn, settings.schema), formulas(conn, settings.schema)))
        tables = conn.execute(
            "select tablename from pg_tables where schemaname = %s", (settings.schema,)
        ).fetchall()
        for (table,) in tables:
            name = sql.Identifier(settings.schema, table)
            rows = conn.execute(sql.SQL("select t::text from {} t").format(name)).fetchall()
            told += "\n".join(row[0] for row in rows)
    assert owner.user in told
    for mark in marks:
        assert mark not in told
        assert base64.b64encode(mark.encode()).decode().rstrip("=") not in told
    again = PersonVault(parts.pool, settings.schema, KeyRing(parts.pool, settings.schema, new))
    for user in people:
        row = parts.queries.user(user)
        assert row is not None
        assert again.open(user, row.email_sealed) == again.open(user, row.name_sealed) == ERASED
    assert prove_guards(parts.lab.log) == []


def _address(parts: System, user: str) -> str:
    project(parts)
    row = parts.queries.user(user)
    assert row is not None
    return parts.lab.vault.open(user, row.email_sealed)
