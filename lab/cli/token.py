"""``lab token``: API tokens of one's own."""

from __future__ import annotations

from lab.cli import naming
from lab.cli.frame import Commands, Session, command, note
from lab.cli.tables import table


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    command(inner, "list", list_, help="yours, newest first")
    made = command(inner, "create", create, help="a new token; its secret is shown once")
    made.add_argument("name")
    made.add_argument("--read-only", action="store_true")
    made.add_argument("--days", type=int, default=None, help="how long it is good; for ever")
    gone = command(inner, "revoke", revoke, help="end it now")
    gone.add_argument("token", help="name or id")


def list_(session: Session) -> int:
    rows = session.client.ask("tokens")["tokens"]
    columns = {"name": "NAME", "prefix": "BEGINS WITH", "scopes": "SCOPES", "id": "ID"} | {
        "expiresAt": "EXPIRES",
        "revokedAt": "REVOKED",
    }
    return session.show(rows, lambda: table(rows, columns))


def create(session: Session) -> int:
    given = session.arguments
    scopes = ["read"] if given.read_only else []
    made = session.client.ask("issue_token", name=given.name, scopes=scopes, days=given.days)
    note("Keep it safe: it is not shown again.")
    return session.show(made["issueToken"], lambda: str(made["issueToken"]["secret"]))


def revoke(session: Session) -> int:
    rows = [row for row in session.client.ask("tokens")["tokens"] if not row["revokedAt"]]
    row = naming.one(rows, session.arguments.token, "token")
    done = session.client.ask("revoke_token", id=row["id"])["revokeToken"]
    return session.show(done, lambda: f"{row['name']} is revoked.")
