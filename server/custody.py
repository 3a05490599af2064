"""Looking after keys and persons from the console: a new master key, erasing somebody.

A rotation that is cut short is finished by running it again: the new key waits beside the old one
until the database is wrapped by it. Not here: who may do so (whoever runs commands on the server).
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from application.actor import system
from application.clock import SystemClock
from application.commands.erasure import erase_user
from application.commands.naming import holder
from domain.errors import InvalidInput, NotFound
from domain.installation import STREAM, fold
from projections.connection import Pool
from projections.sink import ProjectionFenced
from server.bootstrap import System, master_key
from server.keyring import rotate
from server.keys import MasterKey
from server.postgres.event_store import PostgresEventLog
from server.settings import Settings

CONSOLE = system("console")
TRIES = 100


def next_key(settings: Settings, given: str) -> MasterKey:
    """The key to change to: ``given``, or one made and kept in ``master.key.next``."""
    if given:
        return MasterKey.from_text(given)
    if settings.master_key or settings.master_key_command:
        way_out = "The key is not in a file: give the new one in LAB_NEW_MASTER_KEY."
        raise InvalidInput(field="LAB_NEW_MASTER_KEY", value="", way_out=way_out)
    return MasterKey.from_file(_waiting(settings))


def wrap_anew(settings: Settings, pool: Pool, new: MasterKey) -> int:
    """Wrap every data key by ``new`` and put its file in place; how many keys that were."""
    moved = rotate(pool, settings.schema, old=master_key(settings), new=new)
    if _waiting(settings).exists():
        _waiting(settings).replace(settings.master_key_file)
    return moved


def note_rotation(settings: Settings, pool: Pool, key: MasterKey) -> None:
    """Record which key is in use from now on. Once for a key."""
    log = PostgresEventLog(pool, settings.schema)
    state = fold(log.stream(STREAM))
    facts = state.rotate_master_key(key.id, now=SystemClock().now(), by=CONSOLE.by)
    if facts:
        log.append(facts)


def erase(parts: System, email_or_id: str) -> str:
    """Erase an account by its address or id, repeatable by id; the id."""
    lab, queries = parts.lab, parts.queries
    catch_up(parts)
    user = holder(lab, f"email:{lab.vault.digest(email_or_id)}")
    user = user or (email_or_id if email_or_id.startswith("user_") else "")
    if not user:
        raise NotFound(kind="account", id=email_or_id)
    teams = [team.id for team in queries.teams_of(user)]
    taken = [row.id for row in queries.invitations_taken(user)]
    erase_user(lab, CONSOLE, user, teams=teams, sealed=taken)
    return user


def catch_up(parts: System) -> None:
    """Let the read models show the whole log, whether or not a running server follows it too."""
    for projector in parts.projectors:
        for _ in range(TRIES):
            with suppress(ProjectionFenced):  # the other got there first: look again
                projector.catch_up()
                break


def _waiting(settings: Settings) -> Path:
    return settings.master_key_file.with_name("master.key.next")
