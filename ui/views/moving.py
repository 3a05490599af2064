"""What moving queued jobs would do, told before it is done. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from application.commands.job_moves import MoveCost
from ui.text import money, plural

KEPT = (
    "Files, commit, parameters and held minutes stay as they are; "
    "so does the place in the queue, by priority and time queued."
)


def asked(names: Sequence[str]) -> str:
    """The question: one by its name, many by their number."""
    what = names[0] if len(names) == 1 else plural(len(names), "queued job")
    return f"Move {what}?"


def refused(names: Sequence[str], answers: Sequence[MoveCost | str]) -> str:
    """Why some cannot go there; empty when all can."""
    said = [(n, a) for n, a in zip(names, answers, strict=True) if isinstance(a, str)]
    if not said:
        return ""
    first, why = said[0]
    if len(names) == 1:
        return why
    return f"{len(said)} of {len(names)} cannot go there. {first}: {why}"


def money_line(answers: Sequence[MoveCost | str]) -> str:
    """What is held of the month's budget before and after."""
    costs = [a for a in answers if isinstance(a, MoveCost)]
    before, after = sum(c.held for c in costs), sum(c.held_there for c in costs)
    if not before and not after:
        return "No money is held, here or there."
    currency = costs[0].currency
    if before == after:
        return f"{money(after, currency)} of the month's budget stay held."
    return f"{money(after, currency)} of the month's budget are held instead of {money(before, currency)}."
