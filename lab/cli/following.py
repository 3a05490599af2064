"""Stay with a job: its log as it comes, resumed after every break, and its end as an exit code."""

from __future__ import annotations

import time
from dataclasses import dataclass

from lab.cli.failures import EXIT_OF_STATUS, UNREACHABLE, CliError
from lab.cli.frame import Session, note
from lab.cli.naming import Row
from lab.cli.tables import printable

FIRST_LOOK_S = 0.2
LONGEST_LOOK_S = 3.0
BREAKS_AT_MOST = 20


@dataclass(kw_only=True)
class Place:
    """Where in a log we are; ``attempt`` 0 is the latest one."""

    attempt: int
    line: int
    breaks: int = 0

    def may_try_again(self) -> bool:
        self.breaks += 1
        return self.breaks <= BREAKS_AT_MOST


def follow_log(
    session: Session, job: str, *, attempt: int = 0, node: int = 0, after: int = 0
) -> int:
    """Print lines until the job, or the one ``attempt``, is over; the exit code is its result."""
    place = Place(attempt=attempt, line=after)
    while True:
        try:
            place = _follow_once(session, job, node=node, place=place)
        except CliError as error:
            if error.exit_code != UNREACHABLE or not place.may_try_again():
                raise
            time.sleep(LONGEST_LOOK_S)
            continue
        found = _status(session, job)
        if found["status"] in EXIT_OF_STATUS:
            note(f"{found['status']}: {found['why']}")
            return EXIT_OF_STATUS[found["status"]]
        if attempt:
            return 0
        place.attempt, place.line = found["attempt"], 0


def _follow_once(session: Session, job: str, *, node: int, place: Place) -> Place:
    """Lines from ``place`` on until the stream ends; moves ``place`` with them."""
    stream = session.client.follow(
        "job_log", job=job, attempt=place.attempt, node=node, after=place.line
    )
    for data in stream:
        chunk = data["jobLog"]
        place.attempt, place.line, place.breaks = chunk["attempt"], chunk["after"], 0
        for row in chunk["lines"]:
            print_line(session, row)
    return place


def wait_for(session: Session, job: str) -> int:
    """Look until the job is over; print how it ended."""
    pause = FIRST_LOOK_S
    while True:
        found = _status(session, job)
        if found["status"] in EXIT_OF_STATUS:
            told = f"{job} {found['status']}: {found['why']}"
            session.show(found, told.strip)
            return EXIT_OF_STATUS[found["status"]]
        time.sleep(pause)
        pause = min(LONGEST_LOOK_S, pause * 1.5)


def print_line(session: Session, row: Row) -> None:
    session.show(row, lambda: printable(row["text"]))


def _status(session: Session, job: str) -> Row:
    found: Row = session.client.ask("job_status", id=job)["job"]
    return found
