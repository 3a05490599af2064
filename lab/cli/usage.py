"""``lab usage``: who used how much compute, by person, provider, experiment and day."""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime

from lab.cli.failures import usage as wrong_usage
from lab.cli.frame import Commands, Session, common
from lab.cli.tables import table

BY = ("owner", "provider", "experiment", "day")
COUNTS = {"jobs": "JOBS", "complete": "COMPLETE", "failed": "FAILED", "stopped": "STOPPED"}


def configure(commands: Commands, name: str, text: str) -> None:
    told = f"{text}: jobs that ended, this month unless told otherwise"
    parser = commands.add_parser(name, help=text, description=told)
    parser.add_argument(
        "--by", default="owner", metavar="WHAT", help=f"of {', '.join(BY)}; several with commas"
    )
    parser.add_argument("--since", default=None, metavar="DAY", help="first day, 2026-11-01")
    parser.add_argument("--until", default=None, metavar="DAY", help="the day after the last")
    parser.add_argument("--csv", action="store_true", help="print CSV, in seconds")
    common(parser)
    parser.set_defaults(do=show)


def show(session: Session) -> int:
    given = session.arguments
    by = [word.strip() for word in given.by.split(",") if word.strip()]
    unknown = [word for word in by if word not in BY]
    if unknown:
        raise wrong_usage(f"--by: {unknown[0]!r} is none of {', '.join(BY)}.")
    asked = {"since": _day("--since", given.since), "until": _day("--until", given.until)}
    rows = session.client.ask("usage", by=[word.upper() for word in by], **asked)["usage"]
    if given.csv:
        _print_csv(rows, by)
        return 0
    shown = [
        _named(row, by) | {"used": f"{row['usedS'] / 60:.1f}", "cost": _money(row)} for row in rows
    ]
    columns = {word: word.upper() for word in by} | COUNTS | {"used": "MINUTES"}
    if any(row["cost"] != "" for row in shown):
        columns["cost"] = "COST"
    return session.show(rows, lambda: table(shown, columns))


def _money(row: dict[str, object]) -> str:
    """Empty for what had no price."""
    if row["cost"] is None:
        return "several currencies"
    return f"{row['cost']:.2f} {row['currency']}" if row["currency"] else ""


def _named(row: dict[str, object], by: list[str]) -> dict[str, object]:
    """What is asked for by name, or by id when it has none any more."""
    return row | {word: row[word] or row.get(f"{word}Id") or "" for word in by}


def _print_csv(rows: list[dict[str, object]], by: list[str]) -> None:
    ids = [f"{word}Id" for word in by if word != "day"]
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow([*by, *ids, *COUNTS, "usedS", "cost", "currency"])
    for row in rows:
        named = _named(row, by)
        cells = (*by, *ids, *COUNTS, "usedS", "cost", "currency")
        out.writerow([_inert(named[key]) for key in cells])


def _inert(value: object) -> object:
    """A spreadsheet must not take a name for a formula: https://owasp.org/www-community/attacks/CSV_Injection"""
    risky = isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{value}" if risky else value


def _day(option: str, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise wrong_usage(f"{option}: {text!r} is no day like 2026-11-01.") from None
    return (day if day.tzinfo else day.replace(tzinfo=UTC)).isoformat()
