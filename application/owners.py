"""Whose queued jobs may be launched: those of members whose account is good, looked up at each turn.

A job that waits for its owner is held, not stopped: it goes on by itself when they are back (ADR
0031). Not here: what they may do themselves (``application/permissions.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from application.lab import Lab
from application.log import EventLog
from application.one_look import OneLook
from domain.service_accounts import fold as fold_service
from domain.service_accounts import is_service
from domain.teams import fold as fold_team
from domain.users import fold as fold_user
from providers.base import Wait

CODE = "owner_away"


class _State(NamedTuple):
    text: str
    help: str


_STOP = "Stop it with `lab job stop`, or queue it anew as yourself: `lab job retry`."
STATES: Mapping[str, _State] = {
    "removed": _State(
        "Its owner is not in the team any more.", "Have an admin add them again: `lab team add`."
    ),
    "disabled": _State(
        "The account of its owner is disabled.", "Have it enabled: `lab admin enable`."
    ),
    "erased": _State("The account of its owner was erased.", "It will not go on by itself."),
    "expired": _State(
        "The service account it belongs to is closed or has expired.",
        "It will not go on by itself.",
    ),
}


def absences(lab: Lab, owners: Collection[tuple[str, str]]) -> dict[str, Wait]:
    """By owner why their jobs are not launched now, of those (team and owner) whom anything holds."""
    log, now = OneLook(lab.log), lab.clock.now()
    log.look_up(streams={id for pair in owners for id in pair})
    states = {owner: _state(log, team, owner, now=now) for team, owner in owners}
    return {owner: _wait(owner, state) for owner, state in states.items() if state}


def _wait(owner: str, state: str) -> Wait:
    told = STATES[state]
    return Wait(
        code=f"{CODE}:{state}",
        text=f"{told.text} It is held.",
        evidence={"owner": owner, "state": state},
        help=(told.help, _STOP),
    )


def _state(log: EventLog, team: str, owner: str, *, now: datetime) -> str:
    if is_service(owner):
        if not fold_service(log.stream(owner)).good(now):
            return "expired"
    else:
        user = fold_user(log.stream(owner))
        if not user.enabled:
            return "erased" if user.erased else "disabled"
    return "" if owner in fold_team(log.stream(team)).roles else "removed"
