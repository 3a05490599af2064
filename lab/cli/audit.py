"""``lab audit``: who did what, when and why, as it was recorded; proofs that nobody changed it since."""

from __future__ import annotations

import argparse
import json
import math
import time
from datetime import datetime

from lab.cli import as_of, hindsight, naming
from lab.cli.failures import UNREACHABLE, CliError
from lab.cli.frame import Commands, Session, command
from lab.cli.naming import Row
from lab.cli.proving import export_to, replay, verify_log
from lab.cli.tables import clean

PAUSE_S = 2.0
PAGE = 500
BAR = 40


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    shown = command(inner, "list", list_, help="events, the latest last")
    shown.add_argument("-n", "--limit", type=int, default=50)
    when = command(inner, "histogram", histogram, help="how much happened when")
    when.add_argument("--slices", type=int, default=24, help="of equal time")
    filters(when)
    live = command(inner, "follow", follow, help="events as they are recorded")
    live.add_argument("--after", type=int, default=None, help="a position to go on from")
    file = command(inner, "export", export, help="a file that can be verified anywhere; recorded")
    file.add_argument("--format", choices=("jsonl", "csv"), default="jsonl")
    file.add_argument("-o", "--output", default="-", metavar="FILE")
    proof = command(inner, "verify", verify_log, help="the hash chain and its signed heads")
    proof.add_argument("file", nargs="?", default="", help="an export, without asking the server")
    again = command(inner, "replay", replay, help="fold the read models anew and compare them")
    again.add_argument("--to", default="", metavar="MOMENT", help="no further than this")
    filters(file)
    for parser in (shown, live):
        filters(parser)
        parser.add_argument("--raw", action="store_true", help="with what each event carries")
    hindsight.configure(inner)


def filters(parser: argparse.ArgumentParser) -> None:
    """The options by which events are chosen."""
    parser.add_argument("--actor", default="", help="a member, or who did it: system:launcher")
    parser.add_argument("--job", default="", help="id, a part of name or id, or 'latest'")
    parser.add_argument("--kind", default="", help="job, task, provider, quota, team, secret, …")
    parser.add_argument("--name", default="", help="of the event: job.queued, team.member_added")
    parser.add_argument("--cause", default="", help="the id of the command that led to it")
    parser.add_argument("--stream", default="", help="the id of a job, task, provider, …")
    parser.add_argument("--since", default="", metavar="MOMENT", help="position or time")
    parser.add_argument("--until", default="", metavar="MOMENT", help="position or time")


def where(session: Session) -> Row:
    """The filters as the server takes them."""
    given, now = session.arguments, session.now
    plain = ("actor", "kind", "name", "cause", "stream")
    chosen: Row = {name: getattr(given, name) for name in plain if getattr(given, name)}
    if given.job:
        chosen["job"] = naming.job(session.client, given.job)
    for name in ("since", "until"):
        if getattr(given, name):
            chosen[name] = as_of.read(getattr(given, name), now=now)
    return chosen


def list_(session: Session) -> int:
    chosen, before, more = where(session), None, True
    rows: list[Row] = []
    while more and len(rows) < session.arguments.limit:
        most = min(PAGE, session.arguments.limit - len(rows))
        page = session.client.ask("events_back", before=before, limit=most, where=chosen)
        found = page["eventsBack"]
        rows += found["events"]
        before, more = found["cursor"], found["more"]
    rows.reverse()
    return session.show(rows, lambda: "\n".join(_line(session, row) for row in rows) or "(none)")


def histogram(session: Session) -> int:
    """A line for each slice: when it begins, how many events, the positions after which they stand."""
    asked = {"slices": session.arguments.slices, "where": where(session)}
    found = session.client.ask("event_histogram", **asked)["eventHistogram"]
    return session.show(found, lambda: "\n".join(_bars(found)) if found else "(none)")


def _bars(found: Row) -> list[str]:
    begin, end = (datetime.fromisoformat(str(found[name])) for name in ("begin", "end"))
    counts, most = found["counts"], max(found["counts"])
    lines = []
    for n, count in enumerate(counts):
        at = begin + (end - begin) * n / len(counts)
        bar = "#" * math.ceil(BAR * count / most) if most else ""
        lines.append(
            f"{at:%Y-%m-%d %H:%M:%S}  {count:>8}  after {found['bounds'][n]:<9} {bar}".rstrip()
        )
    return lines


def follow(session: Session) -> int:
    """Until interrupted; goes on after a break where it was."""
    after, chosen = session.arguments.after, where(session)
    while True:
        try:
            for data in session.client.follow("follow_audit", after=after, where=chosen):
                after = data["events"]["cursor"]
                for row in data["events"]["events"]:
                    print(json.dumps(row) if session.json else _line(session, row), flush=True)
        except CliError as error:
            if error.exit_code != UNREACHABLE:
                raise
            time.sleep(PAUSE_S)


def export(session: Session) -> int:
    return export_to(session, where(session))


def _line(session: Session, row: Row) -> str:
    at = str(row["at"])[:19].replace("T", " ")
    told = f"{row['position']:>8}  {at}  {row['who']:<16.24}  {row['name']:<26}  {row['sentence']}"
    raw = (
        f"\n          {json.dumps(row['data'], ensure_ascii=False)}"
        if session.arguments.raw
        else ""
    )
    return clean(told) + raw
