"""How the installation is: the database, the read models, the providers, what is stored, its settings."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from application.live import Change
from projections.rows import PositionRow, ProviderRow
from ui.admin_gateway import installation, stored
from ui.components.checking import health_html
from ui.components.dialogs import telling
from ui.components.layout import box, button, card, heading, html
from ui.components.markup import ago, note, pairs, span
from ui.live import follow
from ui.shell import Shell
from ui.text import plural, size
from ui.theme.status import chip


async def admin(shell: Shell) -> None:
    """``/admin``"""
    shell.crumbs(("Administration", "/admin"))
    page = _Admin(shell)
    with box("page"):
        heading("Administration", "How this installation is. Secrets are never shown here.")
        page.draw()
    await page.news([])
    follow(lambda: shell.gateway.watch(lambda c: not c.telemetry), page.news, every_s=2.0)


class _Admin:
    def __init__(self, shell: Shell) -> None:
        self._gateway = shell.gateway

    def draw(self) -> None:
        self._trouble = html("", "contents")
        with box("card", "section", aria_label="Figures"):
            self._figures = html("", "stats")
        with box("two even"):
            with box("vcol g4"):
                with card("Read models"):
                    self._models = html("", "wide-table")
                with card("Storage"):
                    self._stored = html(
                        '<p class="pad muted">Counting reads every stored file\'s size.</p>', ""
                    )
                    with box("body"):
                        button(
                            "Count what is stored",
                            lambda: telling(self._count()),
                            glyph="hard-drive",
                        )
            with box("vcol g4"):
                with card("Providers, as the worker sees them"):
                    self._providers = html("", "list", "ul")
                with card("Settings"):
                    self._settings = html("", "kv body", "dl")

    async def news(self, _: list[Change]) -> None:
        now = await installation(self._gateway)
        halted = [row for row in now.positions if row.halted]
        told = "".join(
            f'<div class="note bad">{note(row.halted or "", kind="bad", title=f"{row.name} has halted")}</div>'
            for row in halted
        )
        self._trouble.set_content(told)
        lag = max((now.head - row.position for row in now.positions), default=0)
        self._figures.set_content(
            _figure("Events in the log", f"{now.head:,}", "append-only, hash-chained")
            + _figure("Furthest behind", f"{lag:,}", "events, of all read models")
            + _figure("Database answers in", f"{now.answer_ms:.1f} ms", "for the head of the log")
            + _figure(
                "Read models", f"{len(now.positions)}", plural(len(halted), "halted", "halted")
            )
        )
        self._models.set_content(_models(now.positions, now.head))
        self._providers.set_content("".join(map(_provider, now.providers)) or "<li>None.</li>")
        self._settings.set_content(pairs([(k, span(v)) for k, v in now.settings]))

    async def _count(self) -> None:
        found = await stored(self._gateway)
        rows = [
            ("Files", span(f"{found.blobs:,}", "num")),
            ("Bytes", span(size(found.bytes), "num")),
            (
                "Named by nothing",
                span(f"{found.unreferenced:,} files, {size(found.unreferenced_bytes)}", "num"),
            ),
        ]
        self._stored.set_content(f'<dl class="kv body">{pairs(rows)}</dl>')


def _figure(label: str, value: str, below: str) -> str:
    return f'<div class="stat">{span(label, "muted")}{span(value, "v")}{span(below, "t-sm faint")}</div>'


def _models(rows: Sequence[PositionRow], head: int) -> str:
    cells = "".join(_model(row, head) for row in rows)
    titles = "".join(
        f'<th scope="col">{h}</th>' for h in ("Read model", "Position", "Behind", "State")
    )
    return (
        f'<table class="grid-mini"><thead><tr>{titles}</tr></thead><tbody>{cells}</tbody></table>'
    )


def _model(row: PositionRow, head: int) -> str:
    state = (
        chip("FAILED", text="Halted", bare=True)
        if row.halted
        else chip("COMPLETE", text="Follows", bare=True)
    )
    behind = max(head - row.position, 0)
    return (
        f'<tr><th scope="row" class="mono">{escape(row.name)}</th><td>{row.position:,}</td>'
        f"<td>{behind:,}</td><td>{state}</td></tr>"
    )


def _provider(row: ProviderRow) -> str:
    since = f"since {ago(row.unreachable_since, 'num')}" if row.unreachable_since else ""
    return (
        f'<li><a class="grow b5 ellipsis" href="/providers/{row.id}">{escape(row.name)}</a>'
        f'<span class="t-sm faint">{since}</span>{health_html(row)}</li>'
    )
