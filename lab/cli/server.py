"""``lab server``: is it there, and how is it."""

from __future__ import annotations

from lab.cli.frame import Commands, Session, command
from lab.cli.tables import pairs


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    command(inner, "status", status, help="version and health; 6 when it does not answer")


def status(session: Session) -> int:
    found = {
        "server": session.client.url,
        "version": session.client.ask("version")["version"],
    }
    return session.show(found, lambda: pairs(found))
