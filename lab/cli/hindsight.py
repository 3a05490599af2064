"""``lab audit timeline|what-if|revert`` and ``lab job timeline|diff|pins``: looking back, and taking back."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import datetime

from lab.cli import as_of, naming
from lab.cli.failures import usage as wrong_usage
from lab.cli.frame import Commands, Session, command, note
from lab.cli.naming import Row
from lab.cli.tables import clean, pairs, table

LANES = ("PERSON", "LABLEDGER", "PROVIDER", "NODE", "QUOTA")
TOTALS = {
    "who": "WHO", "asked": "ASKED", "refused": "REFUSED", "launched": "LAUNCHED",
    "wait": "MEAN WAIT", "p90": "WAIT P90", "used": "MINUTES", "cost": "COST",
}  # fmt: skip
MOVED = {"name": "JOB", "owner": "OWNER", "before": "BEFORE", "after": "AFTER"}


def configure(inner: Commands) -> None:
    """The actions of ``lab audit``."""
    shown = command(inner, "timeline", timeline, help="a stretch of time in lanes, a post-mortem")
    shown.add_argument("--since", required=True, metavar="MOMENT", help="position or time")
    shown.add_argument("--until", default="", metavar="MOMENT", help="now when not given")
    shown.add_argument("--markdown", action="store_true", help="print it as Markdown")
    other = command(inner, "what-if", what_if, help="past jobs under other quotas or priorities")
    other.add_argument("--since", default="30 days ago", metavar="MOMENT", help="%(default)s")
    other.add_argument("--until", default="", metavar="MOMENT", help="now when not given")
    for option, example in (
        ("--quota", "team=2x, team=6000 (minutes), ann@example.org=none"),
        ("--weight", "A100=2, *=1"),
        ("--priority", "alpha=90: of an experiment's or a member's jobs"),
        ("--slots", "local=4: how many jobs run at once there"),
    ):
        told = f"NAME=VALUE, repeatable: {example}"
        other.add_argument(option, action="append", default=[], metavar="NAME=VALUE", help=told)
    back = command(inner, "revert", revert, help="take a change of configuration back")
    back.add_argument("position", type=int, help="of the event, as `lab audit list` shows it")
    back.add_argument("--apply", action="store_true", help="do it; else it is only shown")


def timeline(session: Session) -> int:
    given = session.arguments
    since, until = _moment(given.since), _moment(given.until or "0 seconds ago")
    found = session.client.ask("timeline", since=since, until=until)["timeline"]
    return _show_timeline(session, found)


def job_timeline(session: Session) -> int:
    job = naming.job(session.client, session.arguments.job)
    return _show_timeline(session, session.client.ask("job_timeline", job=job)["jobTimeline"])


def _show_timeline(session: Session, found: Row) -> int:
    if session.arguments.markdown:
        sys.stdout.write(found["markdown"])
        return 0
    return session.show(found, lambda: "\n".join(_lines(found)))


def _lines(found: Row) -> list[str]:
    lines = [clean(found["title"])]
    for entry in found["entries"]:
        event, first = entry["event"], found["firstAnomaly"]
        mark = "!!" if event["position"] == first else "! " if entry["anomaly"] else "  "
        at = str(event["at"])[:19].replace("T", " ")
        lane = entry["lane"].lower()
        lines.append(f"{mark} {event['position']:>8}  {at}  {lane:<9}  {clean(event['sentence'])}")
    if found["firstAnomaly"]:
        lines.append(f"!! is the first anomaly: {_anomaly(found)}.")
    if found["more"]:
        lines.append("Only the first 2,000 facts are shown.")
    return lines


def _anomaly(found: Row) -> str:
    entries = found["entries"]
    return next(
        str(e["anomaly"]) for e in entries if e["event"]["position"] == found["firstAnomaly"]
    )


def diff(session: Session) -> int:
    left, right = (
        naming.job(session.client, typed)
        for typed in (session.arguments.job, session.arguments.other)
    )
    rows = session.client.ask("job_diff", left=left, right=right)["jobDiff"]
    shown = rows if session.arguments.all else [row for row in rows if not row["same"]]
    columns = {"section": "SECTION", "name": "WHAT", "left": left[-8:], "right": right[-8:]}
    return session.show(shown, lambda: table(shown, columns) if shown else "No difference.")


def pins(session: Session) -> int:
    job = naming.job(session.client, session.arguments.job)
    rows = session.client.ask("job_pins", job=job)["jobPins"]
    columns = {"name": "PART", "pinned": "PINNED", "value": "VALUE", "note": "HOW IT MAY DIFFER"}
    return session.show(rows, lambda: table(rows, columns))


def revert(session: Session) -> int:
    """Shown first; done with ``--apply``."""
    position = session.arguments.position
    found = session.client.ask("revert_preview", position=position)["revertPreview"]
    if session.arguments.apply:
        done = session.client.ask("revert", position=position, key=naming.new_key())["revert"]
        told = f"{found['what']} is again {found['then']} (event {done['position']})."
        return session.show(done, lambda: clean(told[:1].upper() + told[1:]))
    shown = {k: found[k] for k in ("event", "what", "now", "then")}
    shown["cannot"] = found["against"]
    code = session.show(found, lambda: pairs(shown))
    if not found["against"] and not session.json:
        note("Nothing was changed. Add --apply to do it.")
    return code


def what_if(session: Session) -> int:
    given, begun = session.arguments, time.monotonic()
    change = {
        "quotas": [_quota(text) for text in given.quota],
        "weights": [_named("--weight", t, "accelerator", "weight", float) for t in given.weight],
        "priorities": [_named("--priority", t, "of", "priority", int) for t in given.priority],
        "slots": [_named("--slots", text, "provider", "jobs", int) for text in given.slots],
    }
    since, until = _time(given.since), _time(given.until or "0 seconds ago")
    answer = session.client.ask("what_if", since=since, until=until, change=change)
    found = answer["whatIf"]
    taken = time.monotonic() - begun
    return session.show(found, lambda: "\n".join(_told(found, taken)))


def _told(found: Row, taken_s: float) -> list[str]:
    lines = [
        f"{found['decisions']} recorded decisions checked, {found['diverged']} would be made "
        f"otherwise now. Without a change the model differs from the record in {found['unlike']} "
        f"acceptances and {found['waitErrorS']:.0f} s of wait in the mean."
    ]
    lines += [f"  {d['position']:>8}  {clean(d['text'])}" for d in found["divergences"][:10]]
    for name, title in (
        ("recorded", "As it was"),
        ("before", "The model without the change"),
        ("after", "The model with it"),
    ):
        lines += ["", f"{title}:", table([_total(t) for t in found[name]], TOTALS)]
    lines += ["", f"{found['movedCount']} jobs fare otherwise."]
    if found["moved"]:
        lines.append(table([_moved(m) for m in found["moved"][:20]], MOVED))
    lines += ["", "What this cannot tell:", *(f"  - {text}" for text in found["limits"])]
    return [*lines, f"({taken_s:.1f} s)"]


def _total(found: Row) -> Row:
    return found | {
        "who": found["who"] or "everybody",
        "wait": _span(found["waitMeanS"]),
        "p90": _span(found["waitP90S"]),
        "used": f"{found['usedS'] / 60:.0f}",
        "cost": f"{found['cost']:.2f}" if found["cost"] else "",
    }


def _moved(found: Row) -> Row:
    def fate(accepted: bool, wait_s: float | None) -> str:
        if not accepted:
            return "refused"
        return "never launched" if wait_s is None else f"waits {_span(wait_s)}"

    return found | {
        "before": fate(found["acceptedBefore"], found["waitBeforeS"]),
        "after": fate(found["acceptedAfter"], found["waitAfterS"]),
    }


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m {rest:02d}s"


def _quota(text: str) -> Row:
    name, value = _parts("--quota", text)
    if value == "none":
        return {"of": name, "minutes": None}
    if value.endswith("x"):
        return {"of": name, "factor": _number("--quota", value[:-1], float)}
    return {"of": name, "minutes": _number("--quota", value, int)}


def _named(option: str, text: str, key: str, what: str, kind: type[int] | type[float]) -> Row:
    name, value = _parts(option, text)
    return {key: name, what: _number(option, value, kind)}


def _parts(option: str, text: str) -> Sequence[str]:
    name, equals, value = text.rpartition("=")
    if not equals or not name or not value:
        raise wrong_usage(f"{option}: {text!r} is not NAME=VALUE.")
    return name, value


def _number(option: str, text: str, kind: type[int] | type[float]) -> int | float:
    try:
        return kind(text)
    except ValueError:
        raise wrong_usage(f"{option}: {text!r} is no number.") from None


def _moment(text: str) -> str:
    return as_of.read(text, now=datetime.now().astimezone())


def _time(text: str) -> str:
    moment = _moment(text)
    if moment.isdecimal():
        raise wrong_usage(f"--since and --until take a time, like '30 days ago', not {text!r}.")
    return moment
