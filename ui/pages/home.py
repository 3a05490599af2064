"""What runs, what needs somebody, what is left, and what people did: the first page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from statistics import median

from application.live import Change
from application.permissions import Action
from projections.rows import JobRow
from ui.components.layout import box, card, html
from ui.components.markup import ago, avatar, empty, icon, lasting, span
from ui.gateway import Names
from ui.home_gateway import Now, now_of
from ui.live import follow
from ui.shell import Shell
from ui.text import accelerators, duration, hours, plural, short
from ui.theme.status import chip
from ui.views.attention import Deed, Matter, deeds, matters
from ui.views.job_row import shown_status

DEEDS = 7


async def home(shell: Shell) -> None:
    """``/``"""
    shell.crumbs(("Home", ""))
    page = _Home(shell)
    with box("page"):
        await page.draw()
    follow(lambda: shell.gateway.watch(lambda c: c.telemetry in ("", "p")), page.news, every_s=1.0)


class _Home:
    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._gateway = shell.gateway

    async def draw(self) -> None:
        self._head = html("", "vcol g1")
        self._hello("")
        self._steps = html("", "contents")
        with box("card", "section", aria_label="Figures"):
            self._figures = html("", "stats")
        with box("two"):
            more = '<span class="grow"></span><a class="btn s ghost" href="/jobs?status=RUNNING">All running'
            with card("Active now", extra=f"{more}{icon('arrow-right', 'sm')}</a>"):
                self._active = html("", "list")
            with box("vcol g4"):
                with card("Needs attention"):
                    self._matters = html("", "list")
                if self._gateway.may(Action.READ_LOG):
                    with card("Activity"):
                        self._deeds = html("", "list", "ul")
        await self.news([])

    def _hello(self, summary: str) -> None:
        """Said at once; what is known of the lab follows."""
        first, *_ = *self._shell.me.name.split(), ""
        self._head.set_content(
            f"<h1>Hello, {escape(first)}</h1><p class='muted'>{summary or '&nbsp;'}</p>"
        )

    async def news(self, _: list[Change]) -> None:
        now, names, counts = await asyncio.gather(
            now_of(self._gateway), self._gateway.names(), self._gateway.job_counts()
        )
        self._hello(_summary(counts, now))
        self._figures.set_content(_figures(counts, now))
        self._steps.set_content("" if now.jobs else _first_steps(now))
        self._active.set_content(await self._active_html(now.active, names))
        found = matters(
            failed=now.failed, providers=now.providers, waiting=now.waiting,
            quota=((self._team_name, now.quota.team), ("You", now.quota.own)), now=datetime.now(UTC),
        )  # fmt: skip
        self._matters.set_content("".join(map(_matter, found)) or _quiet())
        if self._gateway.may(Action.READ_LOG):
            done = deeds(now.events, names.people, most=DEEDS)
            self._deeds.set_content(
                "".join(map(_deed, done)) or '<li class="muted">Nothing yet.</li>'
            )

    @property
    def _team_name(self) -> str:
        return self._shell.me.team.name if self._shell.me.team else "Team"

    async def _active_html(self, rows: Sequence[JobRow], names: Names) -> str:
        if not rows:
            go = f'<a class="btn" href="/launch">{icon("rocket", "sm")}Launch</a>'
            told = empty(
                "Nothing is running",
                "What you launch shows up here, live.",
                glyph="rocket",
                extra=go,
            )
            return f'<div class="empty">{told}</div>'
        out = []
        for row in rows:
            progress = await self._gateway.progress(row.id) if row.status == "RUNNING" else None
            out.append(_job(row, names, progress.percent if progress else None))
        return "".join(out)


def _job(row: JobRow, names: Names, percent: float | None) -> str:
    status = shown_status(row)
    about = " · ".join(
        (
            short(row.id),
            names.experiments.get(row.experiment, ""),
            accelerators(row.spec.get("resources", {})),
        )
    )
    bar = ""
    if percent is not None:
        width = min(max(percent, 0.0), 100.0)
        bar = (
            f'<span class="bar block" role="progressbar" aria-label="Progress of {escape(row.name)}" '
            f'aria-valuemin="0" aria-valuemax="100" aria-valuenow="{width:.0f}">'
            f'<i style="width:{width:.1f}%"></i></span>'
        )
    return (
        f'<a class="li" href="/jobs/{row.id}">{avatar(names.people.get(row.owner, "?"))}<span class="grow">'
        f'<span class="b5 ellipsis block">{escape(row.name)}</span>{span(about, "t-sm faint ellipsis block")}</span>'
        f'<span class="hide-s w150" data-st="{status}">{bar}</span>'
        f'<span class="num t-sm faint hide-s w64">{lasting(row.running_at, row.ended_at)}</span>'
        f'<span class="w104">{chip(status)}</span></a>'
    )


def _matter(matter: Matter) -> str:
    colour = "failed" if matter.bad else "launching"
    return (
        f'<a class="li" href="{escape(matter.href)}"><span style="color:var(--st-{colour})">{icon(matter.glyph)}</span>'
        f'<span class="grow">{span(matter.title, "b5 ellipsis block")}'
        f"{span(matter.told, 't-sm faint ellipsis block')}</span></a>"
    )


def _quiet() -> str:
    told = empty(
        "All is well",
        "Failures, unreachable providers and spent quotas show up here.",
        glyph="circle-check",
    )
    return f'<div class="empty small">{told}</div>'


def _deed(deed: Deed) -> str:
    what = (
        f'<a class="muted" href="{escape(deed.href)}">{escape(deed.what)}</a>'
        if deed.href
        else span(deed.what, "muted")
    )
    return (
        f'<li>{avatar(deed.who)}<span class="grow ellipsis"><b class="b5">{escape(deed.who)}</b> {what}</span>'
        f"{ago(deed.at, 't-xs faint num')}</li>"
    )


def _summary(counts: Mapping[str, int], now: Now) -> str:
    usable = sum(p.enabled and not p.unreachable_since for p in now.providers)
    running = plural(counts.get("RUNNING", 0), "job")
    return (
        f"{running} running; {usable} of {plural(len(now.providers), 'provider')} can be reached."
    )


def _figures(counts: Mapping[str, int], now: Now) -> str:
    queued, launching = counts.get("QUEUED", 0), counts.get("LAUNCHING", 0)
    view = now.quota.team
    left = "no limit" if view.left is None else hours(view.left)
    of = (
        f"of {hours(view.limit)} this month"
        if view.limit
        else f"{hours(view.charged)} used this month"
    )
    waited = duration(median(now.queue_s)) if now.queue_s else "—"
    figures = (
        ("Running", f"{counts.get('RUNNING', 0):,}", f"{queued:,} queued, {launching:,} launching"),
        ("Accelerators in use", f"{now.accelerators:,}", "by running jobs of this team"),
        ("Compute left", left, of),
        ("Median wait", waited, "of the latest jobs in the queue"),
    )
    return "".join(
        f'<div class="stat">{span(label, "muted")}{span(value, "v")}{span(below, "t-sm faint")}</div>'
        for label, value, below in figures
    )


def _first_steps(now: Now) -> str:
    """A new team: three steps that tick themselves."""
    steps = (
        ("Add a compute provider", "/providers/new", any(p.enabled for p in now.providers)),
        ("Write a task, or take one from the gallery", "/tasks/gallery", now.tasks > 0),
        ("Launch it", "/launch", now.jobs > 0),
    )
    rows = "".join(
        f'<a class="li" href="{href}"><span style="color:var(--st-{"complete" if done else "queued"})">'
        f"{icon('circle-check' if done else 'circle-dot')}</span>{span(label, 'b5 grow')}"
        f"{icon('arrow-right', 'sm')}</a>"
        for label, href, done in steps
    )
    head = "<header><h2>First steps</h2></header>"
    return f'<section class="card" aria-label="First steps">{head}<div class="list">{rows}</div></section>'
