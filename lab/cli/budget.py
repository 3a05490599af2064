"""``lab budget``: this month's money."""

from __future__ import annotations

import argparse
import math

from lab.cli import naming
from lab.cli.frame import Commands, Session, command
from lab.cli.tables import table

MOST = 1_000_000_000


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    command(inner, "show", show, help="this month, of the team and your own")
    given = command(inner, "set", set_, help="the limit of every month from now on")
    given.add_argument("money", help="an amount, or 'unlimited'", type=_money)
    given.add_argument(
        "--user", default="", help="a member's address or id; the whole team when missing"
    )


def show(session: Session) -> int:
    found = session.client.ask("budget")["budget"]
    currency = found["currency"]
    rows = [
        {"of": of}
        | {key: _told(found[of][key], currency) for key in ("limit", "held", "charged", "left")}
        | {"warned": f"{found[of]['warnedPercent']} %" if found[of]["warnedPercent"] else "no"}
        for of in ("team", "own")
    ]
    columns = {"of": "OF", "limit": "LIMIT", "held": "HELD", "charged": "SPENT", "left": "LEFT"}
    return session.show(found, lambda: table(rows, columns | {"warned": "WARNED"}))


def set_(session: Session) -> int:
    given = session.arguments
    limit = None if given.money == math.inf else given.money
    asked = {"limit": limit, "user": given.user, "key": naming.new_key()}
    done = session.client.ask("set_budget", **asked)["setBudget"]
    return session.show(done, lambda: "The budget is set.")


def _money(text: str) -> float:
    """``inf`` for no limit."""
    if text == "unlimited":
        return math.inf
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not 0 <= amount <= MOST:
        told = f"{text!r} is no amount from 0 to {MOST:,}, and not 'unlimited'"
        raise argparse.ArgumentTypeError(told)
    return amount


def _told(amount: float | None, currency: str) -> str:
    return "unlimited" if amount is None else f"{amount:.2f} {currency}"
