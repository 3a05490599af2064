"""``lab experiment``."""

from __future__ import annotations

from lab.cli import naming, notes
from lab.cli.frame import Commands, Session, command
from lab.cli.tables import age, table


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    shown = command(inner, "list", list_, help="experiments by name")
    shown.add_argument("--all", action="store_true", help="archived ones too")
    made = command(inner, "create", create, help="make an experiment")
    made.add_argument("name")
    again = command(inner, "rename", rename, help="give it another name")
    again.add_argument("experiment", help="name or id")
    again.add_argument("name")
    gone = command(inner, "archive", archive, help="hide it; its jobs stay")
    gone.add_argument("experiment", help="name or id")
    notes.configure(inner)


def list_(session: Session) -> int:
    rows = session.client.ask("experiments", archived=session.arguments.all)["experiments"]
    columns = {"name": "NAME", "id": "ID", "age": "AGE", "archived": "ARCHIVED"}
    aged = [{**row, "age": age(row["createdAt"])} for row in rows]
    return session.show(rows, lambda: table(aged, columns))


def create(session: Session) -> int:
    made = session.client.ask("create_experiment", name=session.arguments.name)["createExperiment"]
    return session.show(made, lambda: str(made["id"]))


def rename(session: Session) -> int:
    row = naming.experiment(session.client, session.arguments.experiment)
    new = session.arguments.name
    done = session.client.ask("rename_experiment", id=row["id"], name=new)["renameExperiment"]
    return session.show(done, lambda: f"{row['name']} is now {new}.")


def archive(session: Session) -> int:
    row = naming.experiment(session.client, session.arguments.experiment)
    done = session.client.ask("archive_experiment", id=row["id"])["archiveExperiment"]
    return session.show(done, lambda: f"{row['name']} is archived.")
