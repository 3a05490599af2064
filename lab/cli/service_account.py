"""``lab service-account``: members that are no persons, for pipelines and bots."""

from __future__ import annotations

from typing import Any  # rows of parsed JSON

from lab.cli import naming
from lab.cli.frame import Commands, Session, command, note
from lab.cli.tables import table
from lab.cli.token import limited, shown, wanted

ROLES = ("admin", "member", "viewer", "auditor")


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    command(inner, "list", list_, help="those of the team")
    made = command(inner, "create", create, help="a new one; give it a token next")
    made.add_argument("name")
    made.add_argument("--role", choices=ROLES, default="member")
    made.add_argument("--days", type=int, default=None, help="how long it is good; for ever")
    issued = command(inner, "token", token, help="a new token for it; its secret is shown once")
    issued.add_argument("account", help="name or id")
    issued.add_argument("name", help="what the token is called")
    limited(issued)
    listed = command(
        inner, "tokens", tokens, help="its tokens; `lab service-account revoke` ends one"
    )
    listed.add_argument("account", help="name or id")
    ended = command(inner, "revoke", revoke, help="end one of its tokens now")
    ended.add_argument("account", help="name or id")
    ended.add_argument("token", help="the token's name or id")
    gone = command(inner, "close", close, help="end it for good, with all its tokens")
    gone.add_argument("account", help="name or id")


def list_(session: Session) -> int:
    rows = _all(session)
    columns = {"name": "NAME", "role": "ROLE", "madeAt": "MADE", "expiresAt": "EXPIRES"}
    columns |= {"closedAt": "CLOSED", "id": "ID"}
    return session.show(rows, lambda: table(rows, columns))


def create(session: Session) -> int:
    given = session.arguments
    asked = {"name": given.name, "role": given.role.upper(), "days": given.days}
    made = session.client.ask("make_service_account", **asked, key=naming.new_key())
    told = f"{given.name} is {given.role}. `lab service-account token {given.name!r} NAME`"
    return session.show(made["makeServiceAccount"], lambda: told)


def token(session: Session) -> int:
    account = _one(session)
    made = session.client.ask(
        "issue_service_token", account=account["id"], **wanted(session), key=naming.new_key()
    )["issueServiceToken"]
    note("Keep it safe: it is not shown again.")
    return session.show(made, lambda: str(made["secret"]))


def tokens(session: Session) -> int:
    rows = _tokens(session)
    columns = {"name": "NAME", "prefix": "BEGINS WITH", "scopes": "SCOPES", "usedAt": "LAST USED"}
    columns |= {"expiresAt": "EXPIRES", "revokedAt": "REVOKED", "id": "ID"}
    return session.show(rows, lambda: table([shown(row) for row in rows], columns))


def revoke(session: Session) -> int:
    rows = [row for row in _tokens(session) if not row["revokedAt"]]
    row = naming.one(rows, session.arguments.token, "token")
    done = session.client.ask("revoke_token", id=row["id"])["revokeToken"]
    return session.show(done, lambda: f"{row['name']} is revoked.")


def close(session: Session) -> int:
    account = _one(session)
    done = session.client.ask("close_service_account", id=account["id"])["closeServiceAccount"]
    return session.show(done, lambda: f"{account['name']} is closed. Its jobs go on.")


def _all(session: Session) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = session.client.ask("service_accounts")["serviceAccounts"]
    return rows


def _one(session: Session) -> dict[str, Any]:
    rows = [row for row in _all(session) if not row["closedAt"]]
    return naming.one(rows, session.arguments.account, "service-account")


def _tokens(session: Session) -> list[dict[str, Any]]:
    account = _one(session)
    found = session.client.ask("service_tokens")["serviceAccounts"]
    return next(row["tokens"] for row in found if row["id"] == account["id"])
