"""A system that tells channels, with teams whose jobs are facts written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from application.actor import Actor
from application.actor import system as system_actor
from application.commands.accounts import found_team, register_user
from application.commands.compute import add_provider
from application.commands.jobs import Launch, queue_job
from application.commands.notifications import add_channel
from domain.job_events import JobEvent, JobStalled
from domain.notifications import ChannelKind
from domain.teams import Role
from projections.rows import DeliveryRow
from server.bootstrap import System
from server.following import Follower
from server.postgres.listener import Listener
from server.settings import Settings
from server.worker import notifier
from tests.acceptance.cluster import wait_until
from tests.fakes.composed import composed

PASSWORD = "correct horse battery"


class Telling:
    """One notifier that runs; ``me`` owns a team."""

    def __init__(self, parts: System) -> None:
        self.parts, self.lab = parts, parts.lab
        self.me = self.somebody("ann@example.org", "lab")

    def somebody(self, email: str, team: str) -> Actor:
        """A new person who owns a new team."""
        setup = system_actor("setup")
        user = register_user(self.lab, setup, email=email, name="", password=PASSWORD)
        made = found_team(self.lab, setup, name=team, owner=user)
        actor = Actor(by=f"user:{user}", user=user, team=made, role=Role.OWNER)
        add_provider(self.lab, actor, name="local", kind="local", settings={"cpus": 1})
        return actor

    def channel(
        self,
        url: str,
        *topics: str,
        kind: ChannelKind = ChannelKind.WEBHOOK,
        actor: Actor | None = None,
        of_team: bool = True,
        only_own: bool = False,
    ) -> tuple[str, str]:
        """``(id, signing key)``."""
        return add_channel(
            self.lab, actor or self.me, kind=kind, name="bell", address=url,
            topics=topics or ("job.queued",), of_team=of_team, only_own=only_own,
        )  # fmt: skip

    def job(self, name: str = "hello", *, actor: Actor | None = None) -> str:
        yaml = f"name: {name!r}\nrun: echo hello\n"
        return queue_job(self.lab, actor or self.me, Launch(yaml=yaml, experiment="alpha"))

    def stalled(self, job: str) -> int:
        """A fact of ``job``; its position."""
        now = self.lab.clock.now()
        version = len(self.lab.log.stream(job)) + 1
        fact: JobEvent = JobStalled(
            attempt=1, idle_since=now, originator_id=job, originator_version=version, at=now,
            by="system:test",
        )  # fmt: skip
        return self.lab.log.append([fact])

    def deliveries(self, channel: str) -> list[DeliveryRow]:
        return self.parts.deliveries.of_channel(channel)

    def becomes(self, channel: str, *states: str, patience_s: float = 20) -> list[DeliveryRow]:
        """The channel's deliveries, newest first, once their states are these."""
        wait_until(
            lambda: [row.state for row in self.deliveries(channel)] == list(states),
            patience_s=patience_s,
            tell=lambda: f"{self.deliveries(channel)}",
        )
        return self.deliveries(channel)


@contextmanager
def telling(dsn: str, schema: str, home: Path, *, retry_s: float = 0.1) -> Iterator[Telling]:
    """Follow the log and tell, until the block ends."""
    settings = Settings(
        home=home, schema=schema, allow_local_webhooks=True, notify_tries=3, notify_retry_s=retry_s
    )
    with composed(settings, dsn, connections=12) as parts:
        tells = notifier(parts)
        follower = Follower(parts.projectors, after=tells.news)
        listener = Listener(parts.dsn)
        listener.on(f"lab_events_{schema}", follower.wake)
        follower.start()
        tells.start()
        listener.start()
        try:
            yield Telling(parts)
        finally:
            listener.stop()
            tells.stop()
            follower.stop()
