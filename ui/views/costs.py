"""What a launch would take: quota, money at most, how many jobs. Sentences for before one clicks. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from application.commands.jobs import LaunchCost
from application.quota_reading import Quota, QuotaView
from domain.job_spec import JobSpec
from domain.weights import weight_of
from providers.base import Offer
from ui.text import money, plural

MINUTE_S = 60


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """``bad``: it would be refused."""

    label: str
    told: str
    bad: bool = False


def quota_lines(spec: JobSpec, quota: Quota, *, default_s: int, jobs: int = 1) -> list[Line]:
    """What would be held of the team's and one's own quota, and what is left."""
    seconds = (spec.minutes_requested or 0) * MINUTE_S or spec.timeout_s or default_s
    held = round(seconds * weight_of(spec.resources, quota.weights)) * jobs
    return [_line("Team's quota", held, quota.team), _line("Your quota", held, quota.own)]


def _line(label: str, held: int, view: QuotaView) -> Line:
    asked = plural(round(held / MINUTE_S), "minute")
    if view.left is None:
        return Line(label=label, told=f"{asked} held, no limit")
    left = round(view.left / MINUTE_S)
    if held > view.left:
        return Line(
            label=label, told=f"{asked} asked, {left:,} left: it would be refused", bad=True
        )
    return Line(label=label, told=f"{asked} of {left:,} left are held")


def cost_line(cost: LaunchCost, spec: JobSpec, *, jobs: int = 1) -> Line | None:
    """What its provider says an hour costs; ``None`` where it names no price."""
    if not cost.price_per_hour:
        return None
    told = f"{money(cost.price_per_hour * jobs, cost.currency)} an hour"
    if spec.timeout_s:
        most = cost.price_per_hour * jobs * spec.timeout_s / 3600
        told += f", at most {money(most, cost.currency)}"
    return Line(label="Price", told=f"{told}; {money(cost.held * jobs, cost.currency)} are held")


def price_line(spec: JobSpec, offers: Sequence[Offer]) -> Line | None:
    """The most it could cost at the cheapest fitting offer; ``None`` where nothing has a price."""
    wanted = spec.resources.accelerators
    fit = [
        o
        for o in offers
        if o.price_per_hour
        and (
            wanted is None or (o.accelerator == wanted.kind and o.accelerator_count >= wanted.count)
        )
    ]
    if not fit:
        return None
    best = min(fit, key=lambda o: o.price_per_hour)
    hour = f"{money(best.price_per_hour, best.currency)} an hour ({best.name})"
    if spec.timeout_s:
        most = money(best.price_per_hour * spec.timeout_s / 3600, best.currency)
        return Line(label="Price", told=f"{hour}, at most {most}")
    return Line(label="Price", told=hour)


def offers_line(spec: JobSpec, offers: Sequence[Offer]) -> Line:
    """Whether what is asked could be had now."""
    wanted = spec.resources.accelerators
    if wanted is None:
        return Line(label="Free now", told="any machine with room")
    fit = [
        o for o in offers if o.accelerator == wanted.kind and o.accelerator_count >= wanted.count
    ]
    if not fit:
        known = sorted({f"{o.accelerator_count}×{o.accelerator}" for o in offers if o.accelerator})
        told = (
            f"none with {wanted.count}×{wanted.kind}; there are {', '.join(known) or 'none at all'}"
        )
        return Line(label="Free now", told=told, bad=True)
    free = sum(o.available or 0 for o in fit)
    unknown = all(o.available is None for o in fit)
    return Line(
        label="Free now", told="not known" if unknown else f"{plural(free, 'machine')} that fit"
    )


def grid(sweep: dict[str, list[object]]) -> list[dict[str, object]]:
    """Every combination of lists of values, the last varying first."""
    found: list[dict[str, object]] = [{}]
    for name, values in sweep.items():
        found = [{**one, name: value} for one in found for value in values]
    return found
