"""This month's quota of the team and of the person: charged, held by running jobs, left."""

from __future__ import annotations

from application.quota_reading import QuotaView
from ui.components.layout import box, card, heading, html
from ui.components.markup import pairs, span
from ui.shell import Shell

MINUTE_S = 60


async def quota(shell: Shell) -> None:
    shell.crumbs(("Quota", "/quota"))
    month = await shell.gateway.quota()
    name = shell.me.team.name if shell.me.team else "Team"
    with box("page"):
        heading("Quota", "Compute minutes of this calendar month (UTC), weighted by accelerator.")
        with box("tiles-wide"):
            _meter(name, month.team)
            _meter("You", month.own)


def _meter(title: str, row: QuotaView) -> None:
    charged = row.charged
    limit = row.limit
    with card(title), box("body vcol g4"):
        left = "no limit" if limit is None else f"{_minutes(limit - charged - row.held)} left"
        html(f"{span(left, 'v')}", "stat-line")
        if limit:
            html(_bar(charged, row.held, limit), "")
        html(
            pairs(
                [
                    ("Used", span(_minutes(charged), "num")),
                    ("Held", span(f"{_minutes(row.held)} by jobs that are not over", "num")),
                    ("Limit", span("none" if limit is None else _minutes(limit), "num")),
                    (
                        "Warned",
                        span(f"at {row.warned_percent} %" if row.warned_percent else "no", "num"),
                    ),
                ]
            ),
            "kv",
            "dl",
        )


def _bar(charged: int, held: int, limit: int) -> str:
    used, kept = (min(100.0, part / limit * 100) for part in (charged, held))
    label = f"{used + kept:.0f} percent of the quota is used or held"
    return (
        f'<div class="quota" role="meter" aria-label="{label}" aria-valuemin="0" aria-valuemax="100"'
        f' aria-valuenow="{min(used + kept, 100):.0f}"><i class="used" style="width:{used:.1f}%"></i>'
        f'<i class="held" style="width:{kept:.1f}%"></i></div>'
    )


def _minutes(seconds: int) -> str:
    return f"{max(seconds, 0) / MINUTE_S:,.0f} min"
