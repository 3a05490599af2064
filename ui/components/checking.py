"""What a provider says of itself, as markup: checks, offers, health."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from projections.rows import ProviderRow
from providers.base import Check, Offer
from ui.components.markup import avatar, icon, span
from ui.text import money, plural
from ui.theme.status import chip


def name_html(row: ProviderRow) -> str:
    tag = span("default", "tag") if row.is_default else ""
    return (
        f"{avatar(row.name, 'lg')}<span><h2><a href='/providers/{row.id}'>{escape(row.name)}</a></h2>"
        f'<span class="t-sm faint">{escape(row.kind)}</span></span>{tag}'
    )


def health_html(row: ProviderRow) -> str:
    if not row.enabled:
        return chip("STOPPED", text="Disabled")
    if row.unreachable_since:
        return chip("FAILED", text="Unreachable")
    return chip("COMPLETE", text="Healthy")


def check_html(check: Check) -> str:
    rows = []
    for what, ok, detail in check.rows:
        colour, glyph = ("complete", "circle-check") if ok else ("failed", "circle-x")
        rows.append(
            f'<div class="check"><span style="color:var(--st-{colour})">{icon(glyph)}</span>'
            f'<span class="grow">{span(what, "b5")}{span("" if ok else " failed", "sr")}'
            f'<span class="block faint t-sm prose">{escape(detail)}</span></span></div>'
        )
    return f'<div class="checks">{"".join(rows)}</div>'


def offers_html(offers: Sequence[Offer], *, most: int) -> str:
    if not offers:
        return '<p class="faint t-sm">It offers nothing now.</p>'
    rows = "".join(_offer(offer) for offer in offers[:most])
    left = len(offers) - most
    more = f'<p class="faint t-sm">and {plural(left, "more offer")}</p>' if left > 0 else ""
    head = "".join(f'<th scope="col">{h}</th>' for h in ("Offer", "Machine", "Free", "Price"))
    return f'<table class="grid-mini"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}'


def _offer(offer: Offer) -> str:
    parts = []
    if offer.accelerator:
        parts.append(f"{offer.accelerator_count}×{offer.accelerator}")
    if offer.cpus:
        parts.append(plural(int(offer.cpus), "CPU"))
    if offer.memory_gib:
        parts.append(f"{offer.memory_gib:.0f} GiB")
    free = "—" if offer.available is None else str(offer.available)
    price = f"{money(offer.price_per_hour, offer.currency)}/h" if offer.price_per_hour else "free"
    cells = (offer.name, " · ".join(parts), free, price)
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
