"""What a topic of a channel selects: the stored names of events, without their version.

A topic is a name (``job.failed``), all of one noun (``quota.*``), or one of ``PRESETS``.
Not here: who may read what; a channel never hears of a noun that is not in ``NOUNS``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence

from domain.errors import InvalidInput

PRESETS: Mapping[str, tuple[str, ...]] = {
    "job.ended": ("job.completed", "job.failed", "job.stopped"),
    "member.*": ("team.member_added", "team.member_role_set", "team.member_removed"),
}
NOUNS = ("job", "provider", "quota", "budget", "artifact")
"""Whose facts every member may read."""

KNOWN = (
    *PRESETS,
    *("job.*", "job.queued", "job.running", "job.completed", "job.failed", "job.stopped"),
    *("job.stalled", "job.active_again", "job.attempt_failed", "job.error_reported"),
    *("job.result_reported", "provider.*", "provider.unreachable", "provider.reachable"),
    *(
        "quota.*",
        "quota.limit_set",
        "quota.threshold_reached",
        "budget.*",
        "budget.threshold_reached",
    ),
    *("artifact.*", "artifact.saved"),
)
"""What is proposed for a misspelt one; any name of a noun in ``NOUNS`` may be given."""

TOPICS_AT_MOST = 30
_TOPIC = re.compile(r"([a-z]+)\.(\*|[a-z_]+)")
_VERSION = re.compile(r"\.v\d+$")


def plain(name: str) -> str:
    """``job.failed`` of the stored name ``job.failed.v1``."""
    return _VERSION.sub("", name)


def selects(topics: Sequence[str], name: str) -> bool:
    """Whether one of ``topics`` means the event stored as ``name``."""
    event = plain(name)
    noun = event.partition(".")[0]
    return any(
        event in PRESETS.get(topic, (topic,)) or (topic == f"{noun}.*" and noun in NOUNS)
        for topic in topics
    )


def check_topics(topics: Sequence[str], *, events: Collection[str] = ()) -> None:
    """Nothing, or ``InvalidInput`` that names the topic and the nearest known one.

    ``events`` are the plain names there are; without them any name of a noun passes.
    """
    if not 0 < len(topics) <= TOPICS_AT_MOST:
        way_out = f"Give 1 to {TOPICS_AT_MOST} topics, such as job.ended."
        raise InvalidInput(field="topics", value=list(topics)[:3], way_out=way_out)
    for topic in topics:
        found = _TOPIC.fullmatch(topic)
        named = found is not None and found[1] in NOUNS and (not events or topic in events)
        if topic not in KNOWN and not named:
            near = difflib.get_close_matches(topic, KNOWN, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            way_out = f"{hint}Known: {', '.join(KNOWN)}."
            raise InvalidInput(field="topics", value=topic, way_out=way_out)
