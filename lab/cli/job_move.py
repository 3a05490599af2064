"""``lab job move``: let jobs that wait be waiting for another provider."""

from __future__ import annotations

from lab.cli import naming
from lab.cli.frame import Commands, Session, command
from lab.cli.naming import Row


def configure(commands: Commands) -> None:
    text = "let queued jobs wait for another provider"
    parser = command(commands, "move", move, help=text)
    parser.add_argument("jobs", nargs="+", metavar="JOB", help="id, a part of name or id")
    parser.add_argument("--provider", required=True, metavar="P", help="name or id")


def move(session: Session) -> int:
    """One after the other; the first that is refused ends it, and those before it are moved."""
    given, client = session.arguments, session.client
    jobs = [naming.job(client, text) for text in given.jobs]
    moved: list[Row] = []
    for job in jobs:
        asked = {"id": job, "provider": given.provider, "key": naming.new_key()}
        moved.append(client.ask("move_job", **asked)["moveJob"])
        if not session.json:
            print(f"{job} waits for {given.provider} now.", flush=True)
    return session.show(moved, str) if session.json else 0
