"""``lab audit export``, ``verify`` and ``replay``: the log as a file, and proofs that nobody changed it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from urllib.parse import urlencode

from lab.cli import as_of
from lab.cli.audit_file import NoExport, Verdict, verify
from lab.cli.ed25519 import holds
from lab.cli.failures import FAILED, USAGE, CliError
from lab.cli.frame import Session, note
from lab.cli.naming import Row
from lab.cli.profiles import config_dir
from lab.cli.tables import clean


def export_to(session: Session, chosen: Row) -> int:
    """Into a file, or to stdout."""
    given = session.arguments
    path = "/api/audit/export?" + urlencode({"format": given.format, **chosen})
    if given.output == "-":
        session.client.download(path, sys.stdout.buffer)
        return 0
    with Path(given.output).open("wb") as into:
        session.client.download(path, into)
    note(f"{given.output} is written. That it was exported is recorded.")
    return 0


def verify_log(session: Session) -> int:
    """1 when a row is not as it was recorded."""
    return _file(session) if session.arguments.file else _server(session)


def replay(session: Session) -> int:
    """1 when a cell of a read model is not what the log makes of it."""
    to = as_of.read(session.arguments.to, now=session.now) if session.arguments.to else None
    if to is not None and not to.isdecimal():
        events = session.client.ask("events_back", before=None, limit=1, where={"until": to})
        found = events["eventsBack"]["events"]
        to = str(found[0]["position"]) if found else "0"
    rows: list[Row] = []
    asked = None if to is None else int(to)
    for data in session.client.follow("audit_replay", to=asked):
        rows.append(data["auditReplay"])
        if not session.json:
            print("\n".join(_replayed(rows[-1])), flush=True)
    if session.json:
        session.show(rows, lambda: "")
    return FAILED if any(row["cells"] or row["others"] for row in rows) else 0


def _replayed(row: Row) -> list[str]:
    wrong = len(row["cells"]) + row["others"]
    told = "as the log makes it" if not wrong else f"{wrong} cells differ"
    lines = [f"{row['name']:<16} to position {row['position']}: {told}"]
    for cell in row["cells"]:
        where = f"{cell['table']}.{cell['column']} of {cell['key']}"
        lines.append(clean(f"  {where}: stored {cell['stored']!r}, replayed {cell['replayed']!r}"))
    if row["others"]:
        lines.append(f"  and {row['others']} cells that are not of this team")
    return lines


def _file(session: Session) -> int:
    name = session.arguments.file
    try:
        with Path(name).open(encoding="utf-8") as lines:
            verdict = verify(iter(lines))
    except (NoExport, UnicodeDecodeError) as error:
        raise CliError(f"{name}: {error}.", USAGE) from None
    shown = {"rows": verdict.rows, "breaks": verdict.breaks, "sealed": verdict.sealed}
    shown |= {"signed": verdict.signed, "key": verdict.key}
    session.show(shown, lambda: "\n".join(_told(verdict)))
    return 0 if verdict.good else FAILED


def _told(verdict: Verdict) -> list[str]:
    lines = [f"{verdict.rows} events, as they were exported: {_yes(verdict.good)}"]
    lines += [
        f"  position {position} is not as it was recorded" for position in verdict.breaks[:100]
    ]
    if not verdict.sealed:
        lines.append("  the seal does not fit: a line was changed, dropped, doubled or moved")
    signed = f"by {verdict.key}" if verdict.signed else "by nobody"
    lines.append(f"signed {signed}")
    return lines


def _server(session: Session) -> int:
    last: Row = {}
    for data in session.client.follow("audit_verify"):
        last = data["auditVerify"]
        if not last["done"] and not session.json:
            note(f"{last['rows']} rows …")
    heads = session.client.ask("audit_heads")["auditHeads"]
    problems = [f"position {position} is not as it was recorded" for position in last["breaks"]]
    problems += [problem for head in heads for problem in _head(head)]
    problems += _pinned(session, heads)
    shown = {**last, "heads": heads, "problems": problems}
    text = [f"{last['rows']} rows up to position {last['position']}, head {last['head']}"]
    text += [
        f"{len(heads)} signed heads" + (f", the last at {heads[-1]['position']}" if heads else "")
    ]
    text += [f"  {problem}" for problem in problems] or ["as it was recorded: yes"]
    session.show(shown, lambda: "\n".join(text))
    return FAILED if problems else 0


def _head(head: Row) -> list[str]:
    text = f"labledger head\n{head['position']}\n{head['hash']}".encode()
    found = (
        []
        if head["holds"]
        else [f"the signed head at {head['position']} is not the log's any more"]
    )
    if not holds(head["key"], text, head["signature"]):
        found.append(f"the signature of the head at {head['position']} is not good")
    return found


def _pinned(session: Session, heads: list[Row]) -> list[str]:
    """What the heads seen before say of those told now: a log rewritten with its signatures shows here."""
    path = config_dir(session.environ) / "heads.json"
    known: Row = json.loads(path.read_text("utf-8")) if path.exists() else {}
    before, now = known.get(session.client.url, {}), {str(h["position"]): h["hash"] for h in heads}
    changed = [p for p, hash in before.items() if now.get(p) != hash]
    if heads and not changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(known | {session.client.url: now}), "utf-8")
    return [f"the head at {p} was another when it was seen from here" for p in changed]


def _yes(good: bool) -> str:
    return "yes" if good else "NO"
