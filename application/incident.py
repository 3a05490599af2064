"""What happened, lane by lane: a job or a stretch of time as a post-mortem, its first anomaly marked.

Every entry is a fact of the log; what led to it is followed back to what a person asked for. Not
here: which facts a reader may see (``audit_reads.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from application.actor import Actor
from application.audit_reads import AuditReads, EventWish
from application.log_reading import EventView
from application.moments import AsOf
from domain.errors import InvalidInput, NotFound

EVENTS_AT_MOST = 2_000
PAGE = 1_000


class Lane(StrEnum):
    PERSON = "person"
    LABLEDGER = "labledger"
    PROVIDER = "provider"
    NODE = "node"
    QUOTA = "quota"


LANES: Mapping[str, Lane] = {
    "job.submitted": Lane.PROVIDER,
    "job.machine_held": Lane.PROVIDER,
    "job.unseen": Lane.PROVIDER,
    "job.seen_again": Lane.PROVIDER,
    "provider.unreachable": Lane.PROVIDER,
    "provider.reachable": Lane.PROVIDER,
    "job.setup_started": Lane.NODE,
    "job.running": Lane.NODE,
    "job.stalled": Lane.NODE,
    "job.active_again": Lane.NODE,
    "job.error_reported": Lane.NODE,
    "job.result_reported": Lane.NODE,
    "artifact.saved": Lane.NODE,
    "job.quota_extended": Lane.QUOTA,
}
"""Of what Labledger did not do of its own accord; whatever a person did is in the person's lane."""
ANOMALIES: Mapping[str, str] = {
    "job.unseen": "its provider answered without it",
    "job.stalled": "it ran without a sign of work",
    "job.error_reported": "its code reported an error",
    "job.attempt_failed": "an attempt failed",
    "job.failed": "it failed",
    "quota.refused": "work was refused for lack of quota",
    "provider.unreachable": "the provider did not answer",
    "provider.orphan_ended": "something that no live job owned was found and ended",
}
LED_BY: Mapping[str, tuple[str, ...]] = {
    "job.wait_explained": ("job.moved", "job.queued", "job.attempt_failed"),
    "job.moved": ("job.wait_explained", "job.queued", "job.attempt_failed"),
    "job.launching": ("job.moved", "job.queued", "job.attempt_failed"),
    "job.submitted": ("job.launching",),
    "job.machine_held": ("job.submitted", "job.launching"),
    "job.setup_started": ("job.machine_held", "job.submitted", "job.launching"),
    "job.running": ("job.setup_started", "job.machine_held", "job.submitted", "job.launching"),
    "job.unseen": ("job.running", "job.setup_started", "job.submitted", "job.launching"),
    "job.seen_again": ("job.unseen",),
    "job.stalled": ("job.running",),
    "job.active_again": ("job.stalled",),
    "job.error_reported": ("job.running", "job.setup_started"),
    "job.result_reported": ("job.running",),
    "job.quota_extended": ("job.running", "job.machine_held"),
    "job.stop_requested": ("quota.threshold_reached", "job.stalled", "job.running", "job.queued"),
    "job.attempt_failed": ("job.unseen", "job.error_reported", "job.running", "job.launching"),
    "job.failed": (
        "job.stop_requested",
        "job.unseen",
        "job.error_reported",
        "job.running",
        "job.setup_started",
        "job.launching",
        "job.queued",
    ),
    "job.stopped": ("job.stop_requested",),
    "job.completed": ("job.running", "job.launching"),
    "quota.reserved": ("job.queued",),
    "quota.extended": ("job.quota_extended",),
    "quota.settled": ("job.completed", "job.failed", "job.stopped"),
    "quota.threshold_reached": ("quota.extended", "quota.reserved"),
    "artifact.saved": ("job.running",),
}
"""By an event's name, the names of what may have led to it: the latest before it of the first that is there."""
RESTARTS = ("job.attempt_failed",)
"""Facts that end what went before: nothing after them was led to by what stands before them."""


WHERE = ("job.queued.v1", "job.moved.v1")
"""Facts that tell for which provider a job waits."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """``anomaly`` says what is not as it should be; ``led_by`` is the position of what led to it, or 0."""

    event: EventView
    lane: Lane
    anomaly: str = ""
    led_by: int = 0


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """``entries`` by position; ``first_anomaly`` is a position, or 0. ``more``: it goes on after them."""

    title: str
    entries: tuple[Entry, ...]
    first_anomaly: int
    more: bool = False


def incident_of_job(reads: AuditReads, actor: Actor, job: str, *, provider: str) -> Incident:
    """The job's facts and ledger, and the troubles of where it waited or ran in between. ``NotFound``."""
    events, more = _all(reads, actor, EventWish(job=job))
    if not events:
        raise NotFound(kind="job", id=job)
    first, last = events[0].position, events[-1].position
    waited = {str(e.data["provider"]) for e in events if e.name in WHERE and e.data.get("provider")}
    if provider:
        span = EventWish(streams=tuple(sorted({provider} | waited)), since=first, until=last)
        beside, _ = _all(reads, actor, span)
        events = sorted([*events, *beside], key=lambda event: event.position)
    return _incident(f"Job {job}", events, more=more)


def incident_between(reads: AuditReads, actor: Actor, *, since: AsOf, until: AsOf) -> Incident:
    """Everything of the team from a moment to another, at most two thousand facts."""
    events, more = _all(reads, actor, EventWish(since=since, until=until))
    if not events:
        way_out = "Nothing was recorded then; choose a wider stretch."
        raise InvalidInput(field="since", value=str(since), way_out=way_out)
    return _incident(f"From {_told(since)} to {_told(until)}", events, more=more)


def chain(incident: Incident, position: int) -> tuple[Entry, ...]:
    """From what a person asked for to the fact at ``position``. Empty when it is not among them."""
    by_position = {entry.event.position: entry for entry in incident.entries}
    found: list[Entry] = []
    while position in by_position:
        found.append(by_position[position])
        position = found[-1].led_by
    return tuple(reversed(found))


def markdown(incident: Incident, *, base_url: str, names: Mapping[str, str]) -> str:
    """For an issue or a wiki: who did what in which lane, with a lasting link to each fact."""
    lines = [f"# Post-mortem: {incident.title}", ""]
    lines += _summary(incident, base_url)
    lines += ["", "| time (UTC) | event | " + " | ".join(Lane) + " |"]
    lines.append("|---|---|" + "---|" * len(Lane))
    lines += [_row(entry, incident, base_url, names) for entry in incident.entries]
    if incident.more:
        lines += ["", f"Only the first {EVENTS_AT_MOST:,} facts are shown."]
    return "\n".join(lines) + "\n"


def _summary(incident: Incident, base_url: str) -> list[str]:
    path = chain(incident, incident.first_anomaly)
    if not path:
        return ["Nothing out of order was recorded."]
    first = path[-1]
    link = _link(first.event, base_url)
    what = f"**First anomaly**: {first.event.at:%Y-%m-%d %H:%M:%S} UTC, {first.anomaly} ({link})."
    steps = " → ".join(f"{entry.event.name} ({entry.event.position})" for entry in path)
    return [what, "", f"What led to it: {steps}"]


def _row(entry: Entry, incident: Incident, base_url: str, names: Mapping[str, str]) -> str:
    event = entry.event
    mark = " ⚠" if entry.anomaly else ""
    mark = " **⚠ first**" if event.position == incident.first_anomaly else mark
    kind, _, id = event.by.partition(":")
    who = names.get(id, id) if kind == "user" else ""
    text = _cell(f"{who}: {event.sentence}" if who else event.sentence)
    cells = [text if lane is entry.lane else "" for lane in Lane]
    return f"| {event.at:%H:%M:%S} | {_link(event, base_url)}{mark} | " + " | ".join(cells) + " |"


def _link(event: EventView, base_url: str) -> str:
    return f"[{event.position}]({base_url}/audit?before={event.position + 1})"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())


def _told(moment: AsOf) -> str:
    return f"position {moment}" if isinstance(moment, int) else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _incident(title: str, events: Sequence[EventView], *, more: bool) -> Incident:
    entries = _entries(events)
    wrong = (entry.event.position for entry in entries if entry.anomaly)
    return Incident(title=title, entries=entries, first_anomaly=next(wrong, 0), more=more)


def _entries(events: Sequence[EventView]) -> tuple[Entry, ...]:
    latest: dict[str, dict[str, int]] = {}
    found = []
    for event in events:
        subject = str(event.data.get("job") or event.stream)
        seen = latest.setdefault(subject, {})
        name = event.name.rpartition(".v")[0]
        by_person = event.by.startswith(("user:", "token:"))
        led_by = 0 if by_person and name != "job.queued" else _led_by(name, seen)
        found.append(
            Entry(
                event=event,
                lane=_lane(name, by_person=by_person),
                anomaly=_anomaly(event, name),
                led_by=led_by,
            )
        )
        if name in RESTARTS:
            seen.clear()
        seen[name] = event.position
    return tuple(found)


def _led_by(name: str, seen: Mapping[str, int]) -> int:
    return max((seen[before] for before in LED_BY.get(name, ()) if before in seen), default=0)


def _lane(name: str, *, by_person: bool) -> Lane:
    if name.startswith("quota."):
        return Lane.QUOTA
    return Lane.PERSON if by_person else LANES.get(name, Lane.LABLEDGER)


def _anomaly(event: EventView, name: str) -> str:
    if name == "quota.threshold_reached" and event.data.get("percent") == 100:
        return "the quota was used up"
    if name == "job.stop_requested" and event.data.get("reason") != "user":
        return "Labledger had to stop it"
    return ANOMALIES.get(name, "")


def _all(reads: AuditReads, actor: Actor, wish: EventWish) -> tuple[list[EventView], bool]:
    found: list[EventView] = []
    after, more = 0, True
    while more and len(found) < EVENTS_AT_MOST:
        page = reads.events(actor, wish, after=after, limit=PAGE)
        found += page.events
        after, more = page.cursor, page.more
    return found[:EVENTS_AT_MOST], more or len(found) > EVENTS_AT_MOST
