"""Follows the log for every channel and sees that each is told, at least once, whatever dies meanwhile.

Two steps that never wait for each other: messages are made into rows beside the position they were
made up to, and due rows are sent by a few threads, one at a time of each channel and a bounded
number of each team, so that a slow receiver delays itself alone. Any number of workers may run;
whoever holds the lock tells.
"""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from application.lab import Lab
from application.notices import Notice
from application.ports import Answer
from application.telling import Stories, hears, may_know, notice_for, why_not
from domain.codec import topic
from domain.errors import LabError, StoreUnavailable
from domain.model import Recorded
from domain.notice_topics import selects
from domain.notifications import fold
from projections.deliveries import Deliveries, Moved, NewDelivery
from projections.rows import ChannelRow, DueRow

_log = logging.getLogger(__name__)
AWAY = (StoreUnavailable, psycopg.Error, PoolTimeout)
LOCK = "leader/notifications"
SENDERS = 16
PER_TEAM = 4
BATCH = 500
IN_A_ROW = 50
LOOK_S = 1.0
PAUSE_S = 0.05
ASKED_AT_MOST_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How often and how late a message is tried: ``first_s``, then twice as long each time."""

    tries: int = 10
    first_s: float = 5.0
    longest_s: float = 3600.0
    channel_s: float = 300.0
    """At most so long nothing at all is tried of a channel that fails."""
    oldest: timedelta = timedelta(days=3)

    def wait_s(self, tries: int, *, chance: float, asked_s: float | None) -> float:
        """Before the next try; ``chance`` in [0, 1) spreads them over the upper half.

        What the receiver asked for is waited at least, for up to an hour.
        """
        own = self._whole(tries, self.longest_s) * (0.5 + chance / 2)
        return max(own, min(asked_s or 0.0, ASKED_AT_MOST_S))

    def rest_s(self, failures: int, *, asked_s: float | None) -> float:
        """Before any next try of a channel after so many failures one after the other."""
        own = self._whole(failures, self.channel_s) / 2
        return max(own, min(asked_s or 0.0, ASKED_AT_MOST_S))

    def _whole(self, count: int, longest_s: float) -> float:
        return min(self.first_s * 2.0 ** min(count - 1, 30), longest_s)


class Notifier:
    """``start``, then ``stop``; ``news`` whenever the read models moved."""

    def __init__(
        self,
        lab: Lab,
        deliveries: Deliveries,
        stories: Stories,
        *,
        shown: Callable[[], int],
        patience: Patience,
    ) -> None:
        self._lab = lab
        self._deliveries = deliveries
        self._stories = stories
        self._shown = shown
        self._patience = patience
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._lost = threading.Event()
        """Something may be marked as in hand that nobody has."""
        self._busy: dict[str, str] = {}
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)
        self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="notice")

    def start(self) -> None:
        self._thread.start()

    def news(self) -> None:
        self._awake.set()

    def stop(self) -> None:
        """What is being sent is waited for; the rest is sent by the next worker."""
        self._stopping.set()
        self._awake.set()
        self._thread.join()
        self._senders.shutdown(wait=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._lab.locks.hold(LOCK) as leads:
                    if leads:
                        self._lead()
            except AWAY as error:
                _log.warning("notifications wait for the database: %s", error)
            self._stopping.wait(LOOK_S)

    def _lead(self) -> None:
        self._lost.set()
        while not self._stopping.is_set():
            self._awake.clear()
            self._round()
            self._stopping.wait(PAUSE_S)  # news comes in bursts; one look serves many
            self._awake.wait(LOOK_S)

    def _round(self) -> None:
        try:
            while self._make():
                pass
            self._send()
        except AWAY:
            raise
        except LabError as error:
            _log.warning("notifications: %s", error)
        except Exception:  # noqa: BLE001  # the poll loop: one bad message must not end the thread
            _log.exception("notifications: this round failed; the next is tried")

    def _make(self) -> bool:
        """Messages of the channels that are furthest back; whether there is more to make."""
        places, shown = self._deliveries.places(), self._shown()
        behind = {channel: at for channel, at in places.items() if at < shown}
        if not behind or self._stopping.is_set():
            return False
        least = min(behind.values())
        group = [channel for channel, at in behind.items() if at == least]
        upto = min((at for at in behind.values() if at > least), default=shown)
        recorded = self._lab.log.read(least, BATCH, upto)
        to = recorded[-1].position if len(recorded) == BATCH else upto
        rows = [row for row in self._deliveries.channels() if row.id in set(group)]
        made = self._messages(rows, recorded)
        try:
            self._deliveries.advance(group, was=least, to=to, made=made)
        except Moved:
            _log.info("a channel was moved meanwhile; its messages are made again")
        return True

    def _messages(
        self, channels: Sequence[ChannelRow], recorded: Sequence[Recorded]
    ) -> list[NewDelivery]:
        found: list[NewDelivery] = []
        for fact in recorded:
            name = topic(type(fact.event))
            asking = [row for row in channels if selects(row.topics, name)]
            if asking:
                story = self._stories.of(fact)
                told = (r for r in asking if hears(r, story) and may_know(self._lab, r, story))
                found += [_row(notice_for(row, story)) for row in told]
        return found

    def _send(self) -> None:
        with self._guard:
            busy = dict(self._busy)
        if self._lost.is_set():
            self._lost.clear()
            self._deliveries.release(busy=busy)
        room = SENDERS - len(busy)
        if room <= 0:
            return
        held = Counter(busy.values())
        now = self._lab.clock.now()
        for delivery, channel, team in self._deliveries.due(now=now, busy=busy, limit=500):
            if room and held[team] < PER_TEAM:
                held[team] += 1
                room -= 1
                with self._guard:
                    self._busy[channel] = team
                self._senders.submit(self._one, delivery, channel)

    def _one(self, delivery: str, channel: str) -> None:
        try:
            for _ in range(IN_A_ROW):
                due = self._deliveries.claim(delivery)
                if due is not None:
                    self._carry(due)
                delivery = self._next(channel)
                if not delivery:
                    return
        except (LabError, *AWAY) as error:
            self._lost.set()
            _log.warning("%s: %s", delivery, error)
        except Exception:  # noqa: BLE001  # a thread of the poll loop: what is not noted is sent again
            self._lost.set()
            _log.exception("%s was not told", delivery)
        finally:
            with self._guard:
                self._busy.pop(channel, None)
            self._awake.set()

    def _next(self, channel: str) -> str:
        if self._stopping.is_set():
            return ""
        found = self._deliveries.due(now=self._lab.clock.now(), channel=channel)
        return found[0][0] if found else ""

    def _carry(self, due: DueRow) -> None:
        channel = fold(self._lab.log.stream(due.channel))
        now = self._lab.clock.now()
        notice = msgspec.json.decode(due.notice, type=Notice)
        refused = why_not(self._lab, channel, notice.job.id if notice.job else "")
        if refused:
            self._deliveries.end(due.id, state="dropped", status=None, reason=refused, now=now)
            return
        if channel.paused:
            self._deliveries.put_back(due.id, next_at=now + timedelta(seconds=LOOK_S))
            return
        self._lab.reached("before notice")
        answer = self._lab.courier.carry(channel, notice)
        self._lab.reached("after notice")
        self._note(due, answer, self._lab.clock.now())

    def _note(self, due: DueRow, answer: Answer, now: datetime) -> None:
        old = now - due.made_at > self._patience.oldest
        if answer.ok or answer.final or old or due.tries >= self._patience.tries:
            state = "delivered" if answer.ok else "dead"
            self._deliveries.end(
                due.id, state=state, status=answer.status, reason=answer.reason, now=now
            )
            return
        asked_s, chance = answer.retry_after_s, random.random()  # noqa: S311  # jitter, no secret
        wait_s = self._patience.wait_s(due.tries, chance=chance, asked_s=asked_s)
        rest_s = self._patience.rest_s(self._deliveries.failures(due.channel) + 1, asked_s=asked_s)
        self._deliveries.later(
            due.id,
            status=answer.status,
            reason=answer.reason,
            next_at=now + timedelta(seconds=wait_s),
            resume_at=now + timedelta(seconds=rest_s),
        )


def _row(notice: Notice) -> NewDelivery:
    return NewDelivery(
        id=notice.id,
        channel=notice.channel,
        team=notice.team,
        position=notice.position,
        event=notice.event,
        sentence=notice.line,
        notice=msgspec.json.encode(notice).decode(),
    )
