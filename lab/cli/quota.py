"""``lab quota``: this month's compute."""

from __future__ import annotations

from argparse import ArgumentTypeError

from lab.cli.frame import Commands, Session, command
from lab.cli.tables import table


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    command(inner, "show", show, help="this month, in minutes")
    given = command(inner, "set", set_, help="the limit of every month from now on")
    given.add_argument("minutes", help="a number, or 'unlimited'", type=_minutes)
    given.add_argument(
        "--user", default="", help="a member's address or id; the whole team when missing"
    )


def show(session: Session) -> int:
    found = session.client.ask("quota")["quota"]
    rows = [
        {"of": of}
        | {key: _told(found[of][key]) for key in ("limitS", "heldS", "chargedS", "leftS")}
        | {"warned": f"{found[of]['warnedPercent']} %" if found[of]["warnedPercent"] else "no"}
        for of in ("team", "own")
    ]
    columns = {"of": "OF", "limitS": "LIMIT", "heldS": "HELD", "chargedS": "USED", "leftS": "LEFT"}
    columns |= {"warned": "WARNED"}
    return session.show(found, lambda: f"{table(rows, columns)}\n{_weights(found['weights'])}")


def set_(session: Session) -> int:
    given = session.arguments
    limit = None if given.minutes < 0 else given.minutes
    done = session.client.ask("set_quota", minutes=limit, user=given.user)["setQuota"]
    return session.show(done, lambda: "The quota is set.")


def _minutes(text: str) -> int:
    """-1 for no limit."""
    if text == "unlimited":
        return -1
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is neither a whole number of minutes nor 'unlimited'")
    return int(text)


def _weights(rows: list[dict[str, object]]) -> str:
    """One line; ``*`` is every accelerator that has no weight of its own."""
    told = [
        f"{row['accelerator']} x {row['weight']:g}" for row in rows if row["accelerator"] != "*"
    ]
    others = [f"x {row['weight']:g}" for row in rows if row["accelerator"] == "*"]
    return f"Accelerators count {', '.join([*told, *(f'others {x}' for x in others if told)] or others)}."


def _told(seconds: int | None) -> str:
    return "unlimited" if seconds is None else f"{-(-seconds // 60)} min"
