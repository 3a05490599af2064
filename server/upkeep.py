"""Looking after the data: what reads or changes it while no server needs to run."""

from __future__ import annotations

import argparse
import getpass
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import to_builtins

from application.actor import system as system_actor
from application.commands.accounts import found_team, register_user
from application.commands.compute import add_provider
from application.proof import prove_guards
from application.storage_report import storage_report
from domain.teams import Role
from server import admin, console
from server.bootstrap import System, system
from server.custody import erase, next_key, note_rotation, wrap_anew
from server.health import positions
from server.postgres.embedded import EmbeddedPostgres
from server.postgres.migrate import migrate
from server.postgres.recorder import open_pool
from server.running import Parts
from server.settings import Settings


def configure(parts: Parts) -> None:
    """Its commands; each carries its function as ``do``."""
    for name, do, text in (
        ("status", _status, "positions and lag of the read models"),
        ("prove", _prove, "quota balances and unique names against the log; 1 when one differs"),
        ("storage", _storage, "stored blobs, and those that nothing names any more"),
        ("rotate-key", _rotate_key, "a new master key: LAB_NEW_MASTER_KEY, or a random one"),
    ):
        parts.add_parser(name, help=text).set_defaults(do=do)
    gone = parts.add_parser(
        "erase-user", help="make a person's name and address unreadable for ever"
    )
    gone.add_argument("account", help="the e-mail address, or the id")
    gone.set_defaults(do=_erase_user)
    console.configure(parts)
    for name in console.COMMANDS:
        parts.choices[name].set_defaults(do=_on_log)
    first = parts.add_parser(
        "setup", help="make the first account, its team and the Local provider"
    )
    first.add_argument("--email", required=True)
    first.add_argument("--name", default="")
    first.add_argument("--team", default="lab")
    first.set_defaults(do=_setup)
    admin.configure(parts).set_defaults(do=_admin)


def _status(settings: Settings, _: argparse.Namespace) -> int:
    with _opened(settings) as parts:
        head = parts.lab.log.head()
        rows = positions(parts.lab.log, parts.queries)
        past = {row.name: row.position for row in parts.queries.past_positions()}
    print(json.dumps({"head": head, "projections": rows, "past": past}, indent=2))  # noqa: T201
    return 0


def _prove(settings: Settings, _: argparse.Namespace) -> int:
    with _opened(settings) as parts:
        differences = prove_guards(parts.lab.log)
    for difference in differences:
        print(difference)  # noqa: T201
    print(f"{len(differences)} differences")  # noqa: T201
    return 1 if differences else 0


def _storage(settings: Settings, _: argparse.Namespace) -> int:
    with _opened(settings) as parts:
        report = storage_report(parts.lab.log, parts.lab.blobs)
    print(json.dumps(to_builtins(report), indent=2))  # noqa: T201
    return 0


def _rotate_key(settings: Settings, _: argparse.Namespace) -> int:
    new = next_key(settings, os.environ.get("LAB_NEW_MASTER_KEY", ""))
    with _database(settings) as dsn:
        migrate(dsn, settings.schema)
        with open_pool(dsn, max_size=1) as pool:
            moved = wrap_anew(settings, pool, new)
            note_rotation(settings, pool, new)
    told = "Keep the new key." if settings.master_key else "The file was replaced."
    print(f"{moved} data keys are wrapped by master key {new.id}. {told}")  # noqa: T201
    return 0


def _erase_user(settings: Settings, arguments: argparse.Namespace) -> int:
    """As ``admin erase-user``: its first name."""
    with _opened(settings) as parts:
        user = erase(parts, arguments.account)
    print(f"{user} is erased. Backups made before still hold the key.")  # noqa: T201
    return 0


def _on_log(settings: Settings, arguments: argparse.Namespace) -> int:
    if getattr(arguments, "file", None):
        return console.verify_file(arguments.file)
    with _opened(settings) as parts:
        done: int = arguments.on_log(parts, arguments)
    return done


def _setup(settings: Settings, arguments: argparse.Namespace) -> int:
    password = os.environ.get("LAB_PASSWORD") or getpass.getpass("Password: ")
    with _opened(settings) as parts:
        actor = system_actor("setup")
        user = register_user(
            parts.lab, actor, email=arguments.email, name=arguments.name, password=password
        )
        team = found_team(parts.lab, actor, name=arguments.team, owner=user)
        owner = type(actor)(by=f"user:{user}", user=user, team=team, role=Role.OWNER)
        add_provider(parts.lab, owner, name="local", kind="local", default=True)
    print(f"{arguments.email} owns team {arguments.team!r}. Sign in at {settings.base_url}")  # noqa: T201
    return 0


def _admin(settings: Settings, arguments: argparse.Namespace) -> int:
    with _opened(settings) as parts:
        print(admin.do(parts, arguments))  # noqa: T201
    return 0


@contextmanager
def _opened(settings: Settings) -> Iterator[System]:
    with _database(settings) as dsn, system(settings, dsn) as parts:
        yield parts


@contextmanager
def _database(settings: Settings) -> Iterator[str]:
    """The DSN of the running database, or of an embedded one started for this command."""
    if settings.database_url:
        yield settings.database_url
        return
    database = EmbeddedPostgres(settings.home / "postgres", settings.binaries)
    try:
        yield database.start()
    finally:
        database.stop()
