"""``lab provider``."""

from __future__ import annotations

from collections.abc import Callable

from lab.cli import naming
from lab.cli.failures import FAILED
from lab.cli.frame import Commands, Session, command
from lab.cli.launching import parameter
from lab.cli.tables import table


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    command(inner, "list", list_, help="compute providers by name")
    made = command(inner, "add", add, help="add a compute provider")
    made.add_argument("name")
    made.add_argument("kind", help="local, slurm, …")
    made.add_argument("-s", "--setting", action="append", default=[], metavar="NAME=VALUE")
    made.add_argument("--default", action="store_true")
    for action, do, told in (
        ("check", check, "whether a job could run there now"),
        ("offers", offers, "what could be had now"),
        ("enable", _changing("enable_provider", "enabled"), "take new jobs again"),
        ("disable", _changing("disable_provider", "disabled"), "take no new jobs"),
        ("default", _changing("default_provider", "the default"), "for tasks that name none"),
    ):
        parser = command(inner, action, do, help=told)
        parser.add_argument("provider", help="name or id")


def list_(session: Session) -> int:
    rows = session.client.ask("providers")["providers"]
    columns = {"name": "NAME", "kind": "KIND", "enabled": "ENABLED", "isDefault": "DEFAULT"} | {
        "unreachableReason": "UNREACHABLE",
        "id": "ID",
    }
    return session.show(rows, lambda: table(rows, columns))


def add(session: Session) -> int:
    given = session.arguments
    settings = dict(parameter(text) for text in given.setting)
    made = session.client.ask(
        "add_provider",
        name=given.name,
        kind=given.kind,
        settings=settings,
        default=given.default,
        key=naming.new_key(),
    )["addProvider"]
    return session.show(made, lambda: str(made["id"]))


def check(session: Session) -> int:
    """1 when a job could not run."""
    row = naming.provider(session.client, session.arguments.provider)
    found = session.client.ask("check_provider", id=row["id"])["checkProvider"]
    columns = {"what": "WHAT", "ok": "OK", "detail": "DETAIL"}
    session.show(found, lambda: table(found["rows"], columns))
    return 0 if found["ok"] else FAILED


def offers(session: Session) -> int:
    row = naming.provider(session.client, session.arguments.provider)
    rows = session.client.ask("offers", id=row["id"])["offers"]
    columns = {"name": "NAME", "accelerator": "ACCELERATOR", "acceleratorCount": "COUNT"} | {
        "cpus": "CPUS",
        "memoryGib": "GIB",
        "region": "REGION",
        "pricePerHour": "PER HOUR",
        "currency": "",
        "available": "AVAILABLE",
    }
    return session.show(rows, lambda: table(rows, columns))


def _changing(operation: str, told: str) -> Callable[[Session], int]:
    def change(session: Session) -> int:
        row = naming.provider(session.client, session.arguments.provider)
        done = session.client.ask(operation, id=row["id"])
        return session.show(done, lambda: f"{row['name']} is {told}.")

    return change
