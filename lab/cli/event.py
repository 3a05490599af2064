"""``lab event``: the team's log of facts."""

from __future__ import annotations

import json
import time

from lab.cli.failures import UNREACHABLE, CliError
from lab.cli.frame import Commands, Session, command
from lab.cli.naming import Row
from lab.cli.tables import clean

PAUSE_S = 2.0
PAGE = 500


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    shown = command(inner, "list", list_, help="events after a position")
    shown.add_argument("-n", "--limit", type=int, default=100)
    live = command(inner, "follow", follow, help="events as they are recorded")
    for parser in (shown, live):
        parser.add_argument("--after", type=int, default=None, help="a position")
        parser.add_argument(
            "--stream", action="append", default=[], help="the id of a job, task, …"
        )


def list_(session: Session) -> int:
    given, after, more = session.arguments, session.arguments.after or 0, True
    rows: list[Row] = []
    while more and len(rows) < given.limit:
        most = min(PAGE, given.limit - len(rows))
        page = session.client.ask("events", after=after, limit=most, streams=given.stream)["events"]
        rows += page["events"]
        after, more = page["cursor"], page["more"]
    return session.show(rows, lambda: "\n".join(line(row) for row in rows) or "(none)")


def follow(session: Session) -> int:
    """Until interrupted; goes on after a break where it was."""
    after = session.arguments.after
    while True:
        try:
            stream = session.client.follow(
                "follow_events", after=after, streams=session.arguments.stream
            )
            for data in stream:
                after = data["events"]["cursor"]
                for row in data["events"]["events"]:
                    print(json.dumps(row) if session.json else line(row), flush=True)
        except CliError as error:
            if error.exit_code != UNREACHABLE:
                raise
            time.sleep(PAUSE_S)


def line(row: Row) -> str:
    at = str(row["at"])[:19].replace("T", " ")
    data = json.dumps(row["data"], ensure_ascii=False)
    return clean(f"{row['position']:>8}  {at}  {row['name']:<28} {row['stream']}  {data[:120]}")
