"""Options of a launch, and what happens after it: nothing, waiting, or following."""

from __future__ import annotations

import argparse
import json

from lab.cli.failures import usage
from lab.cli.following import follow_log, wait_for
from lab.cli.frame import Session
from lab.cli.naming import Row, new_key

RESOURCES = ("accelerators", "cpus", "memory", "disk_space", "num_nodes", "image")


def add_options(parser: argparse.ArgumentParser) -> None:
    launch = parser.add_argument_group("launch options")
    launch.add_argument("-p", "--param", action="append", default=[], metavar="NAME=VALUE")
    launch.add_argument("--experiment", default="", help="name or id; LAB_EXPERIMENT")
    launch.add_argument("--provider", default="", help="name or id; the default provider")
    for name in RESOURCES:
        launch.add_argument(f"--{name.replace('_', '-')}", default=None, dest=name)
    launch.add_argument("--minutes", type=int, default=None, help="what the quota reserves")
    launch.add_argument(
        "--estimate",
        action="store_true",
        help="tell when it would start and what it costs, and queue nothing",
    )
    launch.add_argument("--key", default="", help="idempotency key: the same key is one job")
    launch.add_argument(
        "--wait", action="store_true", help="until it is over; its result is the exit code"
    )
    launch.add_argument("-f", "--follow", action="store_true", help="show its log until it is over")


def launch_of(session: Session) -> Row:
    """The options as the API's ``Launch``, without what to run."""
    given = session.arguments
    chosen = {name: getattr(given, name) for name in RESOURCES}
    return {
        "experiment": given.experiment or session.environ.get("LAB_EXPERIMENT", ""),
        "provider": given.provider,
        "parameters": dict(parameter(text) for text in given.param),
        "resources": {name: number(value) for name, value in chosen.items() if value is not None},
        "minutesRequested": given.minutes,
    }


def launch(session: Session, wish: Row) -> int:
    """Queue it, tell its id, and stay with it as the options say; or only estimate its start."""
    given = session.arguments
    if given.estimate:
        return estimate(session, wish)
    key = given.key or new_key()
    queued = session.client.ask("queue_job", launch=wish, key=key)["queueJob"]
    job = str(queued["id"])
    if given.follow:
        session.show(queued, lambda: f"Job {job}")
        return follow_log(session, job)
    if given.wait:
        return wait_for(session, job)
    return session.show(queued, lambda: job)


def estimate(session: Session, wish: Row) -> int:
    found = session.client.ask("start_estimate", launch=wish)
    return session.show(
        found, lambda: f"{_start(found['startEstimate'])}\n{_cost(found['launchCost'])}"
    )


def _start(found: Row | None) -> str:
    if found is None:
        return "This provider cannot tell when a job would start."
    return f"{found['startAt']}\n{found['words']}"


def _cost(found: Row) -> str:
    if not found["pricePerHour"]:
        return "It costs nothing here."
    hour, held = (f"{found[key]:.2f} {found['currency']}" for key in ("pricePerHour", "held"))
    return f"{hour} an hour; {held} of the month's budget are held."


def parameter(text: str) -> tuple[str, object]:
    """``lr=0.1`` as name and value; values are JSON where they can be, else text."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise usage(f"-p {text}: write NAME=VALUE.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def number(text: str) -> object:
    """``4`` as a number, ``A100:2`` and ``16+`` as they are."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text
