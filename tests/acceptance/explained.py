"""Whether everything that ever waited in an installation was explained: asked when its test is over.

Of each job the log is read anew. Whenever it waited one reason was dominant, said what would help, and
was made by one event: without that event another would have been told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from application.log_reading import LogReading
from application.why import Told, history
from domain.job_events import JobQueued
from domain.model import Recorded
from domain.reasons import ReasonCode
from projections.queries import Queries

OVER = {ReasonCode.COMPLETE, ReasonCode.FAILED, ReasonCode.STOPPED}
AT_WORK = {ReasonCode.SETUP, ReasonCode.RUNNING, ReasonCode.STALLED, ReasonCode.UNSEEN}


def assert_waits_are_explained(queries: Queries) -> Counter[ReasonCode]:
    """How many waits there were of each kind."""
    facts: dict[str, list[Recorded]] = defaultdict(list)
    for fact in LogReading(queries).recorded([]):
        facts[fact.event.originator_id].append(fact)
    queued = [own[0].event for own in facts.values() if isinstance(own[0].event, JobQueued)]
    seen: Counter[ReasonCode] = Counter()
    for first in queued:
        both = [*facts[first.originator_id], *facts[first.provider]]
        seen += _explained(first.originator_id, sorted(both, key=lambda fact: fact.position))
    return seen


def _explained(job: str, facts: Sequence[Recorded]) -> Counter[ReasonCode]:
    seen: Counter[ReasonCode] = Counter()
    for told in history(job, facts):
        if told.reason.code in OVER | AT_WORK:
            continue
        assert told.reason.text, told
        assert told.reason.help, told
        without = _at(told.position, job, [f for f in facts if f.position != told.position])
        assert without != (told.reason.code, told.reason.text), told
        seen[told.reason.code] += 1
    return seen


def _at(position: int, job: str, facts: Sequence[Recorded]) -> tuple[ReasonCode, str] | None:
    """What was told then, had only ``facts`` happened."""
    before: Told | None = None
    for told in history(job, [fact for fact in facts if fact.position <= position]):
        before = told
    return (before.reason.code, before.reason.text) if before else None
