"""The head of a job page as markup: name, machine, phases, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from domain.model import Event
from domain.reasons import Reason, ReasonCode
from projections.rows import JobRow
from projections.telemetry_queries import ProgressRow
from ui.components.markup import ago, avatar, copyable, icon, lasting, link
from ui.gateway import Names
from ui.text import accelerators, duration, money, short
from ui.theme.status import word
from ui.views.phases import COLOUR, LABEL, WEIGHT, Attempt, Phase, attempts
from ui.views.sentences import why

ENDED = {"RETRIED": "FAILED"}
ENOUGH_PERCENT = 2.0
TOLD = frozenset(ReasonCode) - {ReasonCode.RUNNING, ReasonCode.COMPLETE, ReasonCode.STOPPED}


def head_html(row: JobRow) -> str:
    return f"<h1>{escape(row.name)}</h1>{copyable(row.id, short(row.id))}"


def meta_html(row: JobRow, names: Names) -> str:
    """Who, where, on what, how long, since when."""
    owner = names.people.get(row.owner, "?")
    provider = names.providers.get(row.provider, "?")
    experiment = names.experiments.get(row.experiment, "?")
    machine = accelerators(row.spec.get("resources", {}))
    parts = [
        f"{avatar(owner)}{escape(owner)}",
        f"{icon('flask-conical', 'sm')}{link(experiment, f'/experiments/{row.experiment}')}",
        f"{icon('server', 'sm')}{link(provider, f'/providers/{row.provider}')}",
        f"{icon('cpu', 'sm')}{escape(machine)}",
    ]
    if row.running_at:
        parts.append(f"{icon('clock', 'sm')}{lasting(row.running_at, row.ended_at)}")
    if row.cost:
        parts.append(f"{icon('coins', 'sm')}{money(row.cost, row.currency or '')}")
    parts.append(f"{icon('calendar', 'sm')}{ago(row.queued_at, 'num')}")
    return "".join(f"<span>{part}</span>" for part in parts)


def phases_html(facts: Sequence[Event], row: JobRow, progress: ProgressRow | None) -> str:
    """One bar an attempt, the newest on top."""
    found = attempts(facts)
    last = len(found) - 1
    return "".join(
        _attempt(found[at], past=at < last, many=last > 0, progress=progress)
        for at in range(last, -1, -1)
    )


def why_html(row: JobRow, progress: ProgressRow | None) -> str:
    """The sentence under the bar, and how far a running job is."""
    heard = progress.message if progress else ""
    sentence = why(row, heard)
    left = f'<span class="b5">{escape(sentence)}</span>' if sentence else ""
    if progress and row.status == "RUNNING":
        eta = time_left(row, progress)
        told = f"{progress.percent:.1f} %" + (f" · about {duration(eta)} left" if eta else "")
        left += f'<span class="muted num t-sm">{told}</span>'
    score = " · ".join(f"{name} {value:g}" for name, value in (row.score or {}).items())
    return left + (f'<span class="muted num">{escape(score)}</span>' if score else "")


def help_html(reason: Reason) -> str:
    """What shows the reason and what would help; nothing where the job just runs or is done."""
    if reason.code not in TOLD:
        return ""
    tags = "".join(
        f'<span class="tag">{escape(name.replace("_", " "))}: {escape(value)}</span>'
        for name, value in reason.evidence.items()
    )
    ways = "".join(f"<li>{escape(one)}</li>" for one in reason.help)
    found = f'<div class="hrow wrap">{tags}</div>' if tags else ""
    return found + (f'<ul class="help t-sm muted">{ways}</ul>' if ways else "")


def time_left(row: JobRow, progress: ProgressRow) -> float | None:
    """At the pace so far; ``None`` until two percent are done."""
    if row.running_at is None or not ENOUGH_PERCENT <= progress.percent < 100:
        return None
    ran = (progress.at - row.running_at).total_seconds()
    return max(ran, 0.0) * (100 - progress.percent) / progress.percent or None


def _attempt(attempt: Attempt, *, past: bool, many: bool, progress: ProgressRow | None) -> str:
    caption = ""
    if many:
        told = f"Attempt {attempt.number}"
        told += f" · {attempt.reason}" if attempt.reason and past else ""
        caption = f'<div class="cap ellipsis">{escape(told)}</div>'
    bars = "".join(_phase(phase, progress) for phase in attempt.phases) + _end(attempt)
    cls = "attempt past" if past else "attempt"
    return (
        f'<div class="{cls}">{caption}<ol class="phases" aria-label="Lifecycle">{bars}</ol></div>'
    )


def _phase(phase: Phase, progress: ProgressRow | None) -> str:
    took = lasting(phase.start, phase.end) if phase.start else "&nbsp;"
    cls = phase.state if phase.state != "done" else ""
    return _segment(
        COLOUR[phase.name],
        LABEL[phase.name],
        cls=cls,
        time=took,
        bar=_bar(phase, progress),
        weight=WEIGHT[phase.name],
    )


def _bar(phase: Phase, progress: ProgressRow | None) -> str:
    if phase.name != "running" or phase.state != "now" or progress is None:
        return '<div class="seg-bar"></div>'
    percent = min(max(progress.percent, 0.0), 100.0)
    return (
        '<div class="seg-bar part" role="progressbar" aria-label="Job progress" aria-valuemin="0"'
        f' aria-valuemax="100" aria-valuenow="{percent:.0f}"><i style="width:{percent:.1f}%"></i></div>'
    )


def _end(attempt: Attempt) -> str:
    status = ENDED.get(attempt.ended, attempt.ended)
    time = ago(attempt.ended_at, "num") if attempt.ended_at else "&nbsp;"
    return _segment(
        status or "COMPLETE",
        word(status or "COMPLETE"),
        cls="" if status else "todo",
        time=time,
        bar='<div class="seg-bar"></div>',
        weight=1,
    )


def _segment(status: str, label: str, *, cls: str, time: str, bar: str, weight: int) -> str:
    return (
        f'<li class="phase {cls}" data-st="{status}" style="--w:{weight}">{bar}'
        f'<div><div class="lbl">{label}</div><div class="t">{time}</div></div></li>'
    )
