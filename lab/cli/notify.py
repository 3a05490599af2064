"""``lab notify``: who is told of what, and what became of it."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable

from lab.cli import naming
from lab.cli.failures import FAILED
from lab.cli.frame import Commands, Session, command, note
from lab.cli.tables import table

KINDS = ("webhook", "slack", "discord", "email")
STATES = ("waiting", "delivered", "dead", "dropped")
TOPICS = "job.ended, job.failed, job.stalled, provider.unreachable, quota.*, member.*, …"


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    command(inner, "list", list_, help="the team's channels and yours")
    made = command(inner, "add", add, help="be told of events; the URL is asked for, or on stdin")
    made.add_argument("name")
    made.add_argument("kind", choices=KINDS)
    made.add_argument("--on", action="append", required=True, metavar="TOPIC", help=TOPICS)
    made.add_argument("--team", action="store_true", help="the team's channel, not yours")
    made.add_argument("--own", action="store_true", help="only of your own jobs and quota")
    made.add_argument("--url", default="", help="seen by every process of this machine")
    given = command(inner, "change", change, help="another name, URL or other topics")
    given.add_argument("channel", help="name or id")
    given.add_argument("--name", default=None)
    given.add_argument("--on", action="append", default=None, metavar="TOPIC", help=TOPICS)
    given.add_argument("--url", default=None, help="- to read it from stdin")
    for action, do, told in (
        ("remove", _changing("remove_channel", "removed"), "tell it nothing any more"),
        ("pause", _changing("pause_channel", "paused"), "tell it nothing until it is resumed"),
        (
            "resume",
            _changing("resume_channel", "told again"),
            "tell it of what happens from now on",
        ),
        ("test", test, "send a test message now; exit code 1 when it was not taken"),
        ("rotate", rotate, "sign with a new key from now on, and print it"),
        ("deliveries", deliveries, "what was sent lately, and what could not be"),
        ("replay", replay, "send again everything from a position of the log on"),
    ):
        parser = command(inner, action, do, help=told)
        parser.add_argument("channel", help="name or id")
        if action == "deliveries":
            parser.add_argument("--state", choices=STATES, default=None)
            parser.add_argument("--limit", type=int, default=50)
        if action == "replay":
            parser.add_argument("--from", dest="position", type=int, required=True, metavar="N")


def list_(session: Session) -> int:
    rows = session.client.ask("channels")["channels"]
    shown = [
        {
            **row,
            "kind": row["kind"].lower(),
            "on": ", ".join(row["topics"]),
            "of": "team" if row["ofTeam"] else "you",
            "paused": bool(row["pausedAt"]),
        }
        for row in rows
    ]
    columns = {"name": "NAME", "kind": "KIND", "of": "OF", "on": "ON", "target": "TARGET"} | {
        "paused": "PAUSED",
        "id": "ID",
    }
    return session.show(rows, lambda: table(shown, columns))


def add(session: Session) -> int:
    """Prints the id; the signing key goes beside it, this once."""
    given = session.arguments
    made = session.client.ask(
        "add_channel",
        kind=given.kind.upper(),
        name=given.name,
        address="" if given.kind == "email" else given.url or _asked(),
        topics=given.on,
        ofTeam=given.team,
        onlyOwn=given.own,
        key=naming.new_key(),
    )["addChannel"]
    if made["secret"] and not session.json:
        note(f"Deliveries are signed with {made['secret']} (shown this once).")
    return session.show(made, lambda: str(made["id"]))


def change(session: Session) -> int:
    given = session.arguments
    row = _channel(session)
    address = _asked() if given.url == "-" else given.url
    done = session.client.ask(
        "change_channel", id=row["id"], name=given.name, address=address, topics=given.on
    )["changeChannel"]
    return session.show(done, lambda: f"{given.name or row['name']} is changed.")


def test(session: Session) -> int:
    """1 when it was not taken."""
    row = _channel(session)
    found = session.client.ask("test_channel", id=row["id"])["testChannel"]
    answer = f"It answered {found['status']}." if found["status"] else "It was taken."
    session.show(found, lambda: answer if found["ok"] else found["reason"])
    return 0 if found["ok"] else FAILED


def rotate(session: Session) -> int:
    row = _channel(session)
    done = session.client.ask("rotate_channel", id=row["id"], key=naming.new_key())
    return session.show(
        done["rotateChannelSecret"], lambda: str(done["rotateChannelSecret"]["secret"])
    )


def deliveries(session: Session) -> int:
    given = session.arguments
    row = _channel(session)
    state = given.state.upper() if given.state else None
    rows = session.client.ask("deliveries", channel=row["id"], state=state, first=given.limit)
    columns = {"position": "POSITION", "event": "EVENT", "state": "STATE", "tries": "TRIES"} | {
        "status": "STATUS",
        "sentence": "SENTENCE",
        "reason": "REASON",
        "id": "ID",
    }
    return session.show(rows["deliveries"], lambda: table(rows["deliveries"], columns))


def replay(session: Session) -> int:
    given = session.arguments
    row = _channel(session)
    done = session.client.ask(
        "replay_channel", id=row["id"], **{"from": given.position}, key=naming.new_key()
    )["replayChannel"]
    return session.show(done, lambda: f"{row['name']} is told again from {given.position} on.")


def _channel(session: Session) -> naming.Row:
    rows = session.client.ask("channels")["channels"]
    return naming.one(rows, session.arguments.channel, "notify")


def _asked() -> str:
    """A URL may be all it takes to write there, so it is better no argument."""
    return getpass.getpass("URL: ") if sys.stdin.isatty() else sys.stdin.read().strip()


def _changing(operation: str, told: str) -> Callable[[Session], int]:
    def do(session: Session) -> int:
        row = _channel(session)
        done = session.client.ask(operation, id=row["id"])
        return session.show(done, lambda: f"{row['name']} is {told}.")

    return do
