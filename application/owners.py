"""Whose queued jobs may be launched: those of members whose account is good, looked up at each turn.

A job that waits for its owner is held, not stopped: it goes on by itself when they are back (ADR
0031). Not here: what they may do themselves (``application/permissions.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from application.lab import Lab
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


def owner_wait(lab: Lab, team: str, owner: str) -> Wait | None:
    """Why jobs of ``owner`` in ``team`` are not launched now; ``None``: nothing holds them."""
    state = _state(lab, team, owner)
    if not state:
        return None
    told = STATES[state]
    return Wait(
        code=f"{CODE}:{state}",
        text=f"{told.text} It is held.",
        evidence={"owner": owner, "state": state},
        help=(told.help, _STOP),
    )


def _state(lab: Lab, team: str, owner: str) -> str:
    if is_service(owner):
        if not fold_service(lab.log.stream(owner)).good(lab.clock.now()):
            return "expired"
    else:
        user = fold_user(lab.log.stream(owner))
        if not user.enabled:
            return "erased" if user.erased else "disabled"
    return "" if owner in fold_team(lab.log.stream(team)).roles else "removed"
