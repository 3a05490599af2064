"""A whole server graph over the test database, its routes on a real port, and jobs to talk about."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request

from application.actor import Actor
from domain.artifacts import ArtifactKind, ArtifactSaved
from domain.errors import NotAuthenticated
from domain.job_events import JobQueued
from domain.job_spec import FrozenFile, JobSpec
from domain.jobs import fold
from domain.model import Event
from domain.observations import Exit, Observation, Phase
from domain.teams import Role
from server.bootstrap import System
from server.files_api import file_routes
from server.node_api import node_routes
from server.readable import readable_by_job
from server.runs_api import run_routes
from tests.fakes import uvicorn_thread
from tests.golden.samples import sample_event
from tests.lab.running import until

PEOPLE = {
    "Bearer ana": Actor(by="user:ana", user="ana", team="team_1", role=Role.MEMBER),
    "Bearer vic": Actor(by="user:vic", user="vic", team="team_1", role=Role.VIEWER),
    "Bearer eve": Actor(by="user:eve", user="eve", team="team_2", role=Role.OWNER),
}


def known(request: Request) -> Actor:
    """A stand-in for sessions and API tokens: the table above."""
    actor = PEOPLE.get(request.headers.get("authorization", ""))
    if actor is None:
        raise NotAuthenticated(why="nobody")
    return actor


def app_of(system: System) -> Starlette:
    routes = node_routes(system.lab, readable_by_job(system.lab))
    routes += run_routes(system.lab, known)
    routes += file_routes(system.lab, system.queries, system.telemetry, known)
    return Starlette(routes=routes)


def start_job(
    system: System, job: str, *, team: str = "team_1", files: tuple[FrozenFile, ...] = ()
) -> str:
    """Queue ``job`` and launch its first attempt; the attempt's token."""
    queued = sample_event(JobQueued)
    assert isinstance(queued, JobQueued)
    spec = JobSpec(name="train", run="true", files=files)
    changes = {"originator_id": job, "originator_version": 1, "team": team, "spec": spec}
    system.lab.log.append([msgspec.structs.replace(queued, **changes)])
    for file in files:
        system.lab.holdings.hold(team, file.sha256)
    now, by = system.lab.clock.now(), "system:test"
    launching: list[Event] = list(fold(system.lab.log.stream(job)).launch(now=now, by=by))
    system.lab.log.append(launching)
    project(system)
    return system.lab.credentials.job_token(job, 1, now=system.lab.clock.now())


def end_job(system: System, job: str) -> None:
    """The provider says that the command ended well."""
    now = system.lab.clock.now()
    seen = Observation(attempt=1, phase=Phase.ENDED, at=now, source="provider", exit=Exit(code=0))
    state = fold(system.lab.log.stream(job))
    system.lab.log.append(list(state.observe(seen, now=now, by="system:test")))


def frozen_file(path: str, sha256: str, size: int) -> FrozenFile:
    return FrozenFile(path=path, sha256=sha256, size=size)


def saved(artifact: str, *, job: str, team: str, sha256: str) -> ArtifactSaved:
    """That ``job`` saved a model of one file, ``dir/model.bin``."""
    return ArtifactSaved(
        originator_id=artifact,
        originator_version=1,
        at=datetime(2026, 1, 2, tzinfo=UTC),
        by=f"node:{job}",
        team=team,
        experiment="exp_1",
        job=job,
        attempt=1,
        kind=ArtifactKind.MODEL,
        name="model",
        files=(frozen_file("dir/model.bin", sha256, 6),),
    )


def project(system: System) -> None:
    for projector in system.projectors:
        projector.catch_up()


class Served:
    """The app on a port of its own, on uvicorn, able to go away and come back there."""

    def __init__(self, make: Callable[[], Starlette]) -> None:
        self._make = make
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        config = uvicorn.Config(
            self._make(), host="127.0.0.1", port=self.port, log_level="error", lifespan="off",
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=uvicorn_thread.run, args=(self._server,), daemon=True
        )
        self._thread.start()
        until(lambda: self._server.started)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)


@contextmanager
def served(make: Callable[[], Starlette]) -> Iterator[Served]:
    server = Served(make)
    try:
        yield server
    finally:
        server.stop()
