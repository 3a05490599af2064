"""``lab token``: API tokens of one's own, and what a token may be limited to."""

from __future__ import annotations

import argparse
from typing import Any  # rows of parsed JSON

from lab.cli import naming
from lab.cli.frame import Commands, Session, command, note
from lab.cli.tables import table


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    listed = command(inner, "list", list_, help="yours, newest first")
    made = command(inner, "create", create, help="a new token; its secret is shown once")
    made.add_argument("name")
    limited(made)
    command(inner, "scopes", scopes, help="what a token may be limited to")
    gone = command(inner, "revoke", revoke, help="end it now")
    gone.add_argument("token", help="name or id")
    for parser in (listed, gone):
        parser.add_argument("--team", action="store_true", help="of everybody in the team; admins")


def list_(session: Session) -> int:
    whose: dict[str, str] = {}
    if session.arguments.team:
        rows, whose = _of_team(session), {"holder": "WHOSE"}
    else:
        rows = session.client.ask("tokens")["tokens"]
    columns = (
        whose
        | {"name": "NAME", "prefix": "BEGINS WITH", "scopes": "SCOPES", "id": "ID"}
        | {
            "usedAt": "LAST USED",
            "expiresAt": "EXPIRES",
            "revokedAt": "REVOKED",
        }
    )
    return session.show(rows, lambda: table([shown(row) for row in rows], columns))


def _of_team(session: Session) -> list[dict[str, Any]]:
    rows = session.client.ask("team_tokens")["teamTokens"]
    return [
        row["token"]
        | {
            "holder": row["holder"]["email"] or row["holder"]["name"],
            "holderId": row["holder"]["id"],
        }
        for row in rows
    ]


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """A token as a line of a table."""
    return row | {"scopes": ", ".join(row["scopes"]) or "all"}


def limited(parser: argparse.ArgumentParser) -> None:
    """The options of every token that is made."""
    parser.add_argument(
        "--scope", action="append", default=[], help="limit it (repeatable): see `lab token scopes`"
    )
    parser.add_argument("--read-only", action="store_true", help="the same as --scope read")
    parser.add_argument("--days", type=int, default=None, help="how long it is good; for ever")


def wanted(session: Session) -> dict[str, object]:
    """Name, scopes and days of the token that is asked for."""
    given = session.arguments
    chosen = [*given.scope, *(["read"] if given.read_only else [])]
    return {"name": given.name, "scopes": chosen, "days": given.days}


def scopes(session: Session) -> int:
    rows = session.client.ask("token_scopes")["tokenScopes"]
    told = [row | {"allows": ", ".join(row["allows"])} for row in rows]
    return session.show(rows, lambda: table(told, {"name": "SCOPE", "allows": "ALLOWS TO"}))


def create(session: Session) -> int:
    made = session.client.ask("issue_token", **wanted(session))
    note("Keep it safe: it is not shown again.")
    return session.show(made["issueToken"], lambda: str(made["issueToken"]["secret"]))


def revoke(session: Session) -> int:
    every = _of_team(session) if session.arguments.team else session.client.ask("tokens")["tokens"]
    rows = [row for row in every if not row["revokedAt"]]
    row = naming.one(rows, session.arguments.token, "token")
    done = session.client.ask("revoke_token", id=row["id"])["revokeToken"]
    return session.show(done, lambda: f"{row['name']} is revoked.")
