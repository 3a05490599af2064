"""Quotas of the team and its people, and who used what on which day."""

import calendar
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from html import escape

from nicegui import PageArguments, ui

from application.budget_reading import Budget
from application.permissions import Action
from application.quota_reading import QuotaView
from projections.rows import UsageRow
from ui.components.chart import PLAIN, TOOLTIP, Chart, Options
from ui.components.dialogs import prompted, telling, toast
from ui.components.layout import Handler, box, button, card, choice, field, heading, html
from ui.components.markup import pairs, span
from ui.gateway import Names
from ui.pages.quota_people import (
    minutes_of,
    money_of,
    people,
    quota_bar,
    typed_hours,
    typed_money,
)
from ui.shell import Shell
from ui.text import hours, money, plural
from ui.usage_gateway import UsageGateway
from ui.views.usage import Stacked, runs_out, stacked, usage_csv

DIMENSIONS = {"owner": "Person", "provider": "Provider", "experiment": "Experiment"}
SPANS = {"7": "7 days", "30": "30 days", "90": "90 days"}
COLOURS = 8
LEGEND: Options = {"textStyle": {"color": "var-text-2", "fontSize": 12}}
NO_GRID: Options = {"splitLine": {"show": False}}
BAR: Options = {"type": "bar", "stack": "all", "barMaxWidth": 28}


async def quota(shell: Shell, args: PageArguments) -> None:
    """``/quota?by=owner&days=30``"""
    shell.crumbs(("Quotas & usage", "/quota"))
    by, days = (str(args.query_parameters.get(key, "")) for key in ("by", "days"))
    page = _Quota(shell, by if by in DIMENSIONS else "owner", days if days in SPANS else "30")
    with box("page"):
        heading("Quotas & usage", "Compute of this calendar month (UTC), weighted by accelerator.")
        await page.meters()
        await page.people()
        await page.usage()


class _Quota:
    def __init__(self, shell: Shell, by: str, days: str) -> None:
        self._shell = shell
        self._gateway = UsageGateway(shell.gateway)
        self._manages = shell.gateway.may(Action.MANAGE_QUOTAS)
        self._by, self._days = by, days

    async def meters(self) -> None:
        month = await self._gateway.quota()
        name = self._shell.me.team.name if self._shell.me.team else "Team"
        with box("tiles-wide"):
            now = typed_hours(month.team)
            change = partial(self._change, name, now) if self._manages else None
            _meter(name, month.team, change)
            _meter("You", month.own, None)
            self._money(await self._gateway.budget())

    def _money(self, budget: Budget) -> None:
        """What may be spent this month."""
        view, coin = budget.team, budget.currency
        left = "no limit" if view.left is None else f"{money(view.left, coin)} left"
        limit = "none" if view.limit is None else f"{money(view.limit, coin)} a month"
        with card("Budget of the team"), box("body vcol g4"):
            html(span(left, "v"), "stat-line")
            rows = [
                ("Spent", span(money(view.charged, coin), "num")),
                ("Held", span(f"{money(view.held, coin)} by jobs that are not over", "num")),
                ("Limit", span(limit, "num")),
            ]
            html(pairs(rows), "kv", "dl")
            if self._manages:
                change = partial(self._change_budget, typed_money(view))
                button("Change the budget", change, glyph="pencil", cls="s")

    async def _change_budget(self, now: str) -> None:
        hint = (
            "Money a month; empty lifts the limit. Below what is spent, only new work is refused."
        )
        title = "Budget of the team"
        typed = await prompted(title, "Money a month", "Set budget", value=now, hint=hint)
        if typed is not None:
            await telling(self._set_budget(typed))

    async def _set_budget(self, typed: str) -> None:
        await self._gateway.set_budget(money_of(typed))
        toast("The budget is changed" if typed else "The limit is lifted")
        ui.navigate.reload()

    async def people(self) -> None:
        await people(self._shell, self._gateway, manages=self._manages)

    async def _change(self, name: str, now: str) -> None:
        hint = "Hours a month; empty lifts the limit. Below what is used, only new work is refused."
        title = f"Quota of {name}"
        typed = await prompted(title, "Hours a month", "Set quota", value=now, hint=hint)
        if typed is not None:
            await telling(self._set(typed))

    async def _set(self, typed: str) -> None:
        await self._gateway.set_limit(minutes_of(typed))
        toast("The quota is changed" if typed else "The limit is lifted")
        ui.navigate.reload()

    async def usage(self) -> None:
        now = datetime.now(UTC)
        since = now - timedelta(days=int(self._days) - 1)
        since = since.replace(hour=0, minute=0, second=0, microsecond=0)
        rows = await self._gateway.usage(since=since, until=now, by=("day", self._by))
        names = _names(await self._shell.gateway.names(), self._by)
        with card("") as section:
            section.props["aria-label"] = "Usage"
            with box("", "header"):
                html("<h2>Usage</h2>", "contents", "span")
                html("", "grow", "span")
                button("CSV", lambda: self._csv(rows, names), glyph="download", cls="s ghost")
            with box("body hrow wrap"):
                for key, label, options, value in (
                    ("by", "By", DIMENSIONS, self._by),
                    ("days", "Of the last", SPANS, self._days),
                ):
                    with field(label, f"usage-{key}"):
                        choice(
                            f"usage-{key}",
                            list(options.items()),
                            partial(self._go, key),
                            value=value,
                        )
            found = stacked(rows, self._by, names, since=since.date(), until=now.date())
            Chart(_days_options(found), "Compute hours a day").classes("wide-chart")
            html(_table(rows, self._by, names), "wide-table").props["tabindex"] = "0"

    def _go(self, key: str, value: str) -> None:
        asked = {"by": self._by, "days": self._days, key: value}
        ui.navigate.to(f"/quota?by={asked['by']}&days={asked['days']}")

    def _csv(self, rows: Sequence[UsageRow], names: Mapping[str, str]) -> None:
        ui.download.content(usage_csv(rows, self._by, names), f"usage-by-{self._by}.csv")


def _names(names: Names, by: str) -> Mapping[str, str]:
    return {"owner": names.people, "provider": names.providers, "experiment": names.experiments}[by]


def _meter(title: str, view: QuotaView, on_change: Handler | None) -> None:
    now = datetime.now(UTC)
    days = calendar.monthrange(now.year, now.month)[1]
    left = "no limit" if view.left is None else f"{hours(view.left)} left"
    with card(title), box("body vcol g4"):
        html(span(left, "v"), "stat-line")
        if view.limit:
            html(quota_bar(view, title), "")
        out = runs_out(view.charged, view.limit, day=now.day, days=days)
        rows = [
            ("Used", span(hours(view.charged), "num")),
            ("Held", span(f"{hours(view.held)} by jobs that are not over", "num")),
            (
                "Limit",
                span("none" if view.limit is None else f"{hours(view.limit)} a month", "num"),
            ),
            ("Resets", span(f"in {plural(days - now.day + 1, 'day')}")),
        ]
        if out:
            rows.append(("At this pace", span(f"spent on the {out}. of this month", "bad-text b5")))
        html(pairs(rows), "kv", "dl")
        if on_change:
            button("Change the team's quota", on_change, glyph="pencil", cls="s")


def _days_options(found: Stacked) -> Options:
    return {
        "animation": False,
        "grid": {"left": 46, "right": 14, "top": 36, "bottom": 26},
        "legend": {"top": 4, "left": 8, "icon": "roundRect", "itemWidth": 10, "itemHeight": 10, **LEGEND},
        "xAxis": {**PLAIN, "type": "category", "data": [d[5:] for d in found.days], **NO_GRID},
        "yAxis": {**PLAIN, "type": "value", "splitNumber": 4},
        "tooltip": TOOLTIP,
        "series": [
            {**BAR, "name": name, "data": list(spent), "color": f"var-d{place % COLOURS + 1}"}
            for place, (name, spent) in enumerate(found.series.items())
        ],
    }  # fmt: skip


def _table(rows: Sequence[UsageRow], by: str, names: Mapping[str, str]) -> str:
    totals: dict[str, list[float]] = {}
    for row in rows:
        mine = totals.setdefault(names.get(getattr(row, by) or "", "?"), [0, 0, 0.0, 0.0])
        for place, value in enumerate((row.jobs, row.failed, row.used_s, row.cost or 0.0)):
            mine[place] += value
    head = "".join(
        f'<th scope="col">{h}</th>' for h in (DIMENSIONS[by], "Jobs", "Failed", "Compute", "Cost")
    )
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{jobs:,.0f}</td><td>{failed:,.0f}</td>'
        f"<td>{hours(used)}</td><td>{money(cost, 'USD')}</td></tr>"
        for name, (jobs, failed, used, cost) in sorted(totals.items(), key=lambda pair: -pair[1][2])
    )
    nothing = '<tr><td colspan="5" class="muted">No job ended in these days.</td></tr>'
    return f'<table class="grid-mini"><thead><tr>{head}</tr></thead><tbody>{body or nothing}</tbody></table>'
