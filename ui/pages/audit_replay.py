"""The log's time as a place to go to: a handle over it, steps and play, and what an event changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from html import escape
from urllib.parse import urlencode

from nicegui import ui

from application.audit_reads import EventWish
from application.log_reading import EventView, Histogram
from projections.log_queries import END
from ui.components.dialogs import telling
from ui.components.layout import box, button, card, enabled, html
from ui.components.markup import icon
from ui.components.scrubber import STEPS, Scrubber
from ui.components.switches import Switches
from ui.gateway import Gateway
from ui.live import follow
from ui.replay_gateway import Seen, following, histogram, latest, seen
from ui.theme.status import STATUS, chip, word
from ui.views.replay import SPEEDS, heights, place_of, rest_s, time_at

FIRST_SPEED = "10"


class Replay:
    """``moved`` is told where it stands: a position, or 0 for the end of the log."""

    def __init__(
        self,
        gateway: Gateway,
        wish: Callable[[], EventWish],
        moved: Callable[[int], Awaitable[None]],
        speed: str,
    ) -> None:
        self._gateway, self._wish, self._moved = gateway, wish, moved
        self._span: Histogram | None = None
        self._at: EventView | None = None
        self._plays = False
        self._stepping = asyncio.Lock()  # pressed fast, each press is a step
        self.speed = speed if speed in SPEEDS else FIRST_SPEED
        with card("Replay") as self._card:
            self._scrubber = Scrubber(lambda place: telling(self._to(place)))
            with box("replay-bar hrow wrap"):
                self._back = _stepper("chevron-left", "The event before", self._step_back)
                self._play = html("", "btn s play", "button")
                self._play.on("click", lambda: telling(self._pressed()), args=[])
                self._on = _stepper("chevron-right", "The next event", self._step_on)
                Switches("Speed", SPEEDS, self._paced, value=self.speed)
                self._now = button("Now", lambda: telling(self._return()), cls="s ghost")
                self._playing = box("contents", "span")
                self._then = html("", "contents", "span")
            self._lab = html("", "replay-lab hrow wrap")
            self._told = html("", "replay-told")
        self._draw_play(on=False)

    async def load(self, at: int) -> None:
        """The bars for what is wanted now, and the event at a position; 0 is the last one."""
        self.pause()
        wish = self._wish()
        self._span = await histogram(self._gateway, wish)
        self._card.set_visibility(self._span is not None)
        if self._span is None:
            return
        bars, span = heights(self._span.counts), self._span
        self._scrubber.show(bars, begin=span.begin, end=span.end, at=STEPS)
        found = await latest(self._gateway, wish, before=at + 1 if at else END)
        await self._show(found or await following(self._gateway, wish, after=0))

    def pause(self) -> None:
        """Stop playing; nothing when it does not."""
        self._playing.clear()
        self._draw_play(on=False)

    async def _show(self, event: EventView | None) -> None:
        span = self._span
        if event is None or span is None:
            return
        found = await seen(self._gateway, event)
        self._at = event
        place = place_of(event.recorded_at, begin=span.begin, end=span.end, steps=STEPS)
        self._scrubber.place(STEPS if event.position >= span.bounds[-1] else place)
        enabled(self._back, event.position > span.bounds[0] + 1, why="This is the first one.")
        enabled(self._on, event.position < span.bounds[-1], why="This is the last one.")
        self._now.set_visibility(event.position < span.bounds[-1])
        self._then.set_content(_then_html(event))
        self._lab.set_content(_counts_html(found.counts))
        self._told.set_content(_told_html(found))

    async def _go(self, event: EventView | None) -> None:
        await self._show(event)
        if event and self._span:
            last = event.position >= self._span.bounds[-1]
            await self._moved(0 if last else event.position)

    async def _to(self, place: int) -> None:
        self.pause()
        if self._span:
            begin, end = self._span.begin, self._span.end
            at = time_at(place, begin=begin, end=end, steps=STEPS)
            await self._go(await latest(self._gateway, self._wish(), at=at))

    async def _step_back(self) -> None:
        self.pause()
        async with self._stepping:
            if self._at:
                here = self._at.position
                await self._go(await latest(self._gateway, self._wish(), before=here))

    async def _step_on(self) -> None:
        self.pause()
        async with self._stepping:
            if self._at:
                here = self._at.position
                await self._go(await following(self._gateway, self._wish(), after=here))

    async def _return(self) -> None:
        await self.load(0)
        await self._moved(0)

    async def _paced(self, speed: str) -> None:
        self.speed = speed
        if self._at:
            await telling(self._go(self._at))

    async def _pressed(self) -> None:
        if self._plays:
            self.pause()
            return
        if self._at and self._span and self._at.position >= self._span.bounds[-1]:
            await self._go(await following(self._gateway, self._wish(), after=0))
        self._draw_play(on=True)
        with self._playing:
            follow(self._events, self._played, every_s=0)

    async def _events(self) -> AsyncIterator[EventView | None]:
        """Those after the present one, each as long after the one before as the speed says; then ``None``."""
        here, wish = self._at, self._wish()
        while here is not None:
            found = await following(self._gateway, wish, after=here.position)
            if found:
                speed = int(self.speed)
                await asyncio.sleep(rest_s(here.recorded_at, found.recorded_at, speed=speed))
            yield found
            here = found

    async def _played(self, events: list[EventView | None]) -> None:
        shown = [event for event in events if event]
        if shown:
            await self._go(shown[-1])
        if None in events:
            self._draw_play(on=False)

    def _draw_play(self, *, on: bool) -> None:
        self._plays = on
        glyph, label = ("pause", "Pause") if on else ("play", "Play")
        self._play.set_content(f"{icon(glyph, 'sm')}<span>{label}</span>")


def _stepper(glyph: str, name: str, do: Callable[[], Awaitable[None]]) -> ui.element:
    return button("", lambda: telling(do()), glyph=glyph, cls="s icon", aria=name, repeats=True)


def _then_html(event: EventView) -> str:
    return (
        f'<a class="btn s replay-then" href="/jobs?as_of={event.position}" data-load>'
        f"{icon('history', 'sm')}<span>See the lab as of this event</span></a>"
    )


def _counts_html(counts: Mapping[str, int]) -> str:
    """The team's jobs by status, as they were."""
    shown = [chip(s, text=f"{counts[s]:,} {word(s).lower()}") for s in STATUS if counts.get(s)]
    head = '<span class="muted t-sm">The lab then</span>'
    return head + ("".join(shown) or '<span class="faint t-sm">no jobs</span>')


def _told_html(found: Seen) -> str:
    event = found.event
    signs = {"-": "del", "+": "add", " ": "at"}
    lines = "".join(
        f'<span class="{signs[sign]}">{escape(f"{sign} {text}")}</span>'
        for sign, text in found.lines
    )
    when = f"{event.at:%-d %b %Y, %H:%M:%S.}{event.at.microsecond // 1000:03d} UTC"
    about = f"{when} · {event.who} · {event.name.removesuffix('.v1')} · position {event.position:,}"
    diff = (
        f'<pre class="diff" tabindex="0" aria-label="What it changed">{lines}</pre>'
        if lines
        else ""
    )
    return (
        f'<div class="pad"><p class="b6" role="status">{escape(event.sentence)}</p>'
        f'<p class="t-sm muted">{escape(about)}</p><p class="hrow wrap t-sm">{_along(event)}</p></div>{diff}'
    )


def _along(event: EventView) -> str:
    """The same moment among what belongs to the event: its stream, its command."""
    also = {"Only what happened to it": {"q": event.stream}}
    if event.cause:
        also["All of the same command"] = {"cause": event.cause}
    return "".join(
        f'<a class="lined" href="/audit?{escape(urlencode({**which, "at": event.position}))}">{label}</a>'
        for label, which in also.items()
    )
