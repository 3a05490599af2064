"""``lab view``: filters of the web app's lists, kept by you under names."""

from __future__ import annotations

from lab.cli.frame import Commands, Session, command
from lab.cli.tables import age, table


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    shown = command(inner, "list", list_, help="your views by name")
    kept = command(inner, "save", save, help="keep filters under a name")
    kept.add_argument("name")
    kept.add_argument("query", help="as the address has it: status=FAILED&sort=cost")
    gone = command(inner, "delete", delete, help="forget one")
    gone.add_argument("name")
    for parser in (shown, kept, gone):
        parser.add_argument("--page", default="jobs", choices=("jobs", "audit"))


def list_(session: Session) -> int:
    rows = session.client.ask("views", page=session.arguments.page)["views"]
    aged = [{**row, "age": age(row["savedAt"])} for row in rows]
    return session.show(rows, lambda: table(aged, {"name": "NAME", "query": "QUERY", "age": "AGE"}))


def save(session: Session) -> int:
    given = session.arguments
    done = session.client.ask("save_view", page=given.page, name=given.name, query=given.query)
    return session.show(done["saveView"], lambda: f"Kept as {given.name}.")


def delete(session: Session) -> int:
    given = session.arguments
    done = session.client.ask("delete_view", page=given.page, name=given.name)
    return session.show(done["deleteView"], lambda: f"{given.name} is forgotten.")
