"""``lab job``: list, inspect, follow, stop and repeat jobs."""

from __future__ import annotations

import argparse

from lab.cli import job_marks, job_move, naming
from lab.cli.explaining import why
from lab.cli.following import follow_log, print_line, wait_for
from lab.cli.frame import Commands, Session, command
from lab.cli.hindsight import diff, job_timeline, pins
from lab.cli.job_files import artifacts, download
from lab.cli.job_rows import COLUMNS, chosen, flat
from lab.cli.monitor import monitor
from lab.cli.tables import pairs, table

STATUSES = ("QUEUED", "LAUNCHING", "RUNNING", "COMPLETE", "FAILED", "STOPPED")


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    shown = command(inner, "list", list_, help="jobs, newest first")
    _filters(shown)
    live = command(inner, "monitor", monitor, help="a table of jobs that follows them")
    _filters(live)
    live.add_argument("--once", action="store_true", help="show it once")
    for action, do, told in (
        ("info", info, "everything about a job"),
        ("why", why, "why it is where it is, and what would help"),
        ("timeline", job_timeline, "what happened in lanes, the first anomaly marked"),
        ("diff", diff, "what differs between it and another job"),
        ("pins", pins, "what would be the same if it ran again, and what not"),
        ("logs", logs, "its lines; -f follows"),
        ("metrics", metrics, "its metrics' last values"),
        ("artifacts", artifacts, "what it saved"),
        ("download", download, "fetch what it saved"),
        ("stop", stop, "ask it to end"),
        ("retry", retry, "a new job with the same frozen spec"),
        ("resume", resume, "a new job from its latest checkpoint"),
        ("wait", wait, "until it is over; its result is the exit code"),
    ):
        parser = command(inner, action, do, help=told)
        parser.add_argument("job", help="id, a part of name or id, or 'latest'")
        for flags, options in EXTRA.get(action, ()):
            parser.add_argument(*flags, **options)  # type: ignore[arg-type]  # a table of options
    job_move.configure(inner)
    job_marks.configure(inner)


EXTRA: dict[str, tuple[tuple[tuple[str, ...], dict[str, object]], ...]] = {
    "logs": (
        (("-f", "--follow"), {"action": "store_true"}),
        (("--attempt",), {"type": int, "default": 0}),
        (("--node",), {"type": int, "default": 0}),
    ),
    "why": ((("--history",), {"action": "store_true", "help": "how the reason changed"}),),
    "timeline": ((("--markdown",), {"action": "store_true", "help": "print it as Markdown"}),),
    "diff": (
        (("other",), {"help": "the other job"}),
        (("--all",), {"action": "store_true", "help": "what is the same, too"}),
    ),
    "stop": ((("--grace",), {"type": float, "default": None, "help": "seconds"}),),
    "resume": ((("--checkpoint",), {"default": "", "help": "an artifact id"}),),
    "download": (
        (("--artifact",), {"default": "", "help": "only this one: name or id"}),
        (("-o", "--into"), {"default": ".", "metavar": "FOLDER"}),
    ),
}


def _filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--status", action="append", default=[], type=str.upper, choices=STATUSES)
    parser.add_argument("--experiment", default="", help="name or id")
    parser.add_argument("--provider", default="", help="name or id")
    parser.add_argument("--text", default="", help="a part of name or id")
    parser.add_argument("--tag", default="", help="of this tag alone")
    parser.add_argument("--starred", action="store_true", help="your favourites alone")
    parser.add_argument("--hidden", action="store_true", help="those hidden, and no others")
    parser.add_argument("--sort", default="queued", choices=("queued", "name", "used", "cost"))
    parser.add_argument("--ascending", action="store_true", help="the least first")
    parser.add_argument("-n", "--limit", type=int, default=25)


def list_(session: Session) -> int:
    rows = chosen(session)
    return session.show(rows, lambda: table([flat(row) for row in rows], COLUMNS))


def info(session: Session) -> int:
    job = session.client.ask("job", id=_job(session))["job"]
    names = {k: (job[k] or {}).get("name") for k in ("experiment", "provider")}
    shown = {k: v for k, v in job.items() if k != "spec"} | names
    shown["owner"] = (job["owner"] or {}).get("email")
    return session.show(job, lambda: pairs(shown))


def logs(session: Session) -> int:
    given, job, after = session.arguments, _job(session), 0
    if given.follow:
        return follow_log(session, job, attempt=given.attempt, node=given.node)
    while True:
        page = {"attempt": given.attempt, "node": given.node, "after": after}
        lines = session.client.ask("job_lines", job=job, **page)["jobLines"]
        for row in lines:
            print_line(session, row)
        if not lines:
            return 0
        after = lines[-1]["number"]


def metrics(session: Session) -> int:
    found = session.client.ask("job_curves", id=_job(session))["job"]
    columns = {"name": "METRIC", "points": "POINTS", "lastStep": "STEP", "lastValue": "VALUE"}
    return session.show(found, lambda: table(found["curves"], columns))


def stop(session: Session) -> int:
    job = _job(session)
    done = session.client.ask("stop_job", id=job, grace=session.arguments.grace)["stopJob"]
    return session.show(done, lambda: f"{job} is asked to stop.")


def retry(session: Session) -> int:
    made = session.client.ask("rerun_job", id=_job(session), key=naming.new_key())["rerunJob"]
    return session.show(made, lambda: str(made["id"]))


def resume(session: Session) -> int:
    made = session.client.ask(
        "resume_job",
        id=_job(session),
        checkpoint=session.arguments.checkpoint,
        key=naming.new_key(),
    )["resumeJob"]
    return session.show(made, lambda: str(made["id"]))


def wait(session: Session) -> int:
    return wait_for(session, _job(session))


def _job(session: Session) -> str:
    return naming.job(session.client, session.arguments.job)
