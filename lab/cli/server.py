"""``lab server``: is it there, and how is it."""

from __future__ import annotations

from lab.cli.client import Data
from lab.cli.failures import FAILED, UNREACHABLE
from lab.cli.frame import Commands, Session, command
from lab.cli.tables import pairs, table

COLUMNS = {"name": "READ MODEL", "position": "POSITION", "lag": "BEHIND", "halted": "HALTED"}
EXITS = {"ok": 0, "halted": FAILED}


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    command(
        inner, "status", status, help="version, health and read models; 6 when it does not answer"
    )


def status(session: Session) -> int:
    """Exit code 1 when a read model has halted, 6 when the server or its database is away."""
    ready = session.client.health()
    found = {
        "server": session.client.url,
        "version": ready.get("version", ""),
        "status": ready.get("status", "unknown"),
        "projections": ready.get("projections", {}),
    }
    if "why" in ready:
        found["why"] = ready["why"]
    session.show(found, lambda: _told(found))
    return EXITS.get(str(found["status"]), UNREACHABLE)


def _told(found: Data) -> str:
    about = {name: value for name, value in found.items() if name != "projections"}
    rows = [{"name": name, **state} for name, state in found["projections"].items()]
    return "\n\n".join([pairs(about), *([table(rows, COLUMNS)] if rows else [])])
