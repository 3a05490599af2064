"""``lab session``: one's own sessions, in browsers and on command lines."""

from __future__ import annotations

from lab.cli.failures import usage
from lab.cli.frame import Commands, Session, command
from lab.cli.tables import table


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    command(inner, "list", list_, help="those that are open, the last used first")
    ended = command(inner, "end", end, help="sign out somewhere else")
    ended.add_argument("session", nargs="?", default="", help="its id")
    ended.add_argument("--others", action="store_true", help="all but the one that asks")


def list_(session: Session) -> int:
    rows = session.client.ask("sessions")["sessions"]
    columns = {"agent": "PROGRAM", "address": "FROM", "usedAt": "LAST USED"} | {
        "openedAt": "OPENED",
        "current": "THIS ONE",
        "id": "ID",
    }
    return session.show(rows, lambda: table(rows, columns))


def end(session: Session) -> int:
    given = session.arguments
    if given.others == bool(given.session):
        raise usage("Give one session's id, or --others.")
    if given.others:
        done = session.client.ask("end_other_sessions")["endOtherSessions"]
        return session.show(done, lambda: "All your other sessions have ended.")
    done = session.client.ask("end_session", id=given.session)["endSession"]
    return session.show(done, lambda: "The session has ended.")
