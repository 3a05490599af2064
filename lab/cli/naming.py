"""From what a person types (name, id, part of it) to the one thing that is meant."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any  # rows of parsed JSON

from lab.cli.client import Client
from lab.cli.failures import NOT_FOUND, CliError

Row = dict[str, Any]


def new_key() -> str:
    """An idempotency key for one wish."""
    return uuid.uuid4().hex


def one(rows: Sequence[Row], typed: str, kind: str) -> Row:
    """The row with that id or name, else the only one whose name contains it."""
    exact = [row for row in rows if typed in (row["id"], row["name"])]
    found = exact or [row for row in rows if typed and typed in row["name"]]
    if len(found) == 1:
        return found[0]
    if not found:
        told = f"There is no {kind} {typed!r} here. List what there is with `lab {kind} list`."
        raise CliError(told, NOT_FOUND)
    names = ", ".join(f"{row['name']} ({row['id']})" for row in found[:5])
    raise CliError(f"{typed!r} may be {names}. Give the id.", NOT_FOUND)


def experiment(client: Client, typed: str) -> Row:
    return one(client.ask("experiments")["experiments"], typed, "experiment")


def provider(client: Client, typed: str) -> Row:
    return one(client.ask("providers")["providers"], typed, "provider")


def task(client: Client, typed: str) -> Row:
    return one(client.ask("tasks")["tasks"], typed, "task")


def job(client: Client, typed: str) -> str:
    """A job's id: as typed, the newest for ``latest``, else the only one that matches."""
    if typed.startswith("job_") and len(typed) > 30:
        return typed
    where = {} if typed == "latest" else {"text": typed}
    first = 1 if typed == "latest" else 6
    edges = client.ask("jobs", first=first, after=None, where=where)["jobs"]["edges"]
    rows = [edge["node"] for edge in edges]
    if typed == "latest" and rows:
        return str(rows[0]["id"])
    return str(one(rows, typed, "job")["id"]) if len(rows) != 1 else str(rows[0]["id"])
