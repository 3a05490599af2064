"""``lab secret``: write-only values."""

from __future__ import annotations

import getpass
import sys

from lab.cli import naming
from lab.cli.frame import Commands, Session, command
from lab.cli.tables import table


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    command(inner, "list", list_, help="names; values are never shown")
    for action, do, told in (
        ("set", set_, "set a value: asked for, or read from stdin"),
        (
            "ssh-key",
            ssh_key,
            "make a key pair; the private part is the value, the public one is shown",
        ),
        ("delete", delete, "forget a value"),
    ):
        parser = command(inner, action, do, help=told)
        parser.add_argument("name")
        parser.add_argument("--personal", action="store_true", help="yours, before the team's")

    asked = command(inner, "uses", uses, help="which jobs were handed it")
    asked.add_argument("name")


def list_(session: Session) -> int:
    rows = session.client.ask("secrets")["secrets"]
    columns = {"name": "NAME", "personal": "PERSONAL", "version": "VERSION", "setAt": "SET AT"}
    return session.show(rows, lambda: table(rows, columns))


def set_(session: Session) -> int:
    """The value is never an argument: arguments are seen by every process of the machine."""
    given = session.arguments
    value = _asked(given.name) if sys.stdin.isatty() else sys.stdin.read().removesuffix("\n")
    done = session.client.ask("set_secret", name=given.name, value=value, personal=given.personal)
    return session.show(done["setSecret"], lambda: f"{given.name} is set.")


def ssh_key(session: Session) -> int:
    """The public line may go into any ``authorized_keys``; the private one leaves for nodes alone."""
    given = session.arguments
    asked = {"name": given.name, "personal": given.personal, "key": naming.new_key()}
    done = session.client.ask("make_ssh_key", **asked)["makeSshKey"]
    return session.show(done, lambda: str((done["secret"] or {}).get("publicKey", "")))


def uses(session: Session) -> int:
    rows = session.client.ask("secret_uses", name=session.arguments.name)["secretUses"]
    columns = {"at": "AT", "jobId": "JOB", "attempt": "ATTEMPT", "version": "VERSION"}
    columns |= {"personal": "PERSONAL"}
    return session.show(rows, lambda: table(rows, columns))


def delete(session: Session) -> int:
    given = session.arguments
    done = session.client.ask("delete_secret", name=given.name, personal=given.personal)
    return session.show(done["deleteSecret"], lambda: f"{given.name} is deleted.")


def _asked(name: str) -> str:
    return getpass.getpass(f"Value of {name}: ")
