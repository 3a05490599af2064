"""``lab artifact``: what the team's jobs saved."""

from __future__ import annotations

from lab.cli.frame import Commands, Session, command
from lab.cli.tables import age, table

KINDS = ("model", "dataset", "checkpoint", "artifact")


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    shown = command(inner, "list", list_, help="latest first")
    shown.add_argument("--kind", action="append", choices=KINDS)
    shown.add_argument("--text", default="", help="a part of the name")
    shown.add_argument("-n", "--limit", type=int, default=25)


def list_(session: Session) -> int:
    given = session.arguments
    asked = {"kinds": given.kind, "text": given.text, "first": given.limit}
    rows = session.client.ask("artifacts", **asked)["artifacts"]
    columns = {"kind": "KIND", "name": "NAME", "size": "BYTES", "age": "AGE", "jobId": "JOB"} | {
        "id": "ID"
    }
    aged = [{**row, "age": age(row["savedAt"])} for row in rows]
    return session.show(rows, lambda: table(aged, columns))
