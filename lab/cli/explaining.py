"""``lab job why``: the one dominant reason, what shows it, what would help, and how it changed."""

from __future__ import annotations

from lab.cli import naming
from lab.cli.frame import Session
from lab.cli.tables import clean, pairs


def why(session: Session) -> int:
    job = naming.job(session.client, session.arguments.job)
    wants = session.arguments.history
    found = session.client.ask("job_why", id=job, history=wants)["job"]
    return session.show(found, lambda: "\n".join(_told(found)))


def _told(job: naming.Row) -> list[str]:
    reason = job["explanation"]
    lines = [f"{job['status']}: {clean(reason['text'])}"]
    since = {"since": _moment(reason["since"])} if reason["since"] else {}
    shown = {fact["name"]: fact["value"] for fact in reason["evidence"]}
    lines += [
        f"  {line}" for line in pairs({"reason": reason["code"], **since, **shown}).split("\n")
    ]
    lines += [f"  → {clean(text)}" for text in reason["help"]]
    history = job.get("whyHistory") or []
    lines += ["History:"] if history else []
    for told in history:
        text = clean(told["reason"]["text"])
        lines.append(f"  {told['position']:>8}  {_moment(told['at'])}  {told['event']:<24} {text}")
    return lines


def _moment(at: object) -> str:
    return str(at)[:19].replace("T", " ")
