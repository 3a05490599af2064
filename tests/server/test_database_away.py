"""While the database is away every part says so, records nothing, and goes on when it is back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from domain.errors import StoreUnavailable
from domain.telemetry import TelemetryBatch
from projections.job_lists import JobFilter
from server.bootstrap import System
from server.postgres.embedded import EmbeddedPostgres
from tests.conftest import binaries_or_skip, fresh_root
from tests.graphql_api.rig import Rig, rig
from tests.server.serving import app_of, served

pytestmark = pytest.mark.postgres

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DIGEST = "a" * 64
BATCH = TelemetryBatch(job="job_1", attempt=1, node=0, stream="node", offset=0, next=1)

ASKED: dict[str, Callable[[System], object]] = {
    "a row": lambda s: s.queries.job("job_1"),
    "a list": lambda s: s.queries.jobs("team_1", JobFilter()),
    "counts": lambda s: s.queries.job_counts("team_1"),
    "lines": lambda s: s.telemetry.lines("job_1", attempt=1),
    "curves": lambda s: s.telemetry.curves("job_1"),
    "points": lambda s: s.telemetry.points("job_1", "loss"),
    "progress": lambda s: s.telemetry.progress("job_1"),
    "pruning": lambda s: s.telemetry.prune(metrics_before=NOW, logs_before=NOW),
    "a journal": lambda s: s.lab.telemetry.apply(BATCH),
    "a heartbeat": lambda s: s.lab.telemetry.heartbeat(job="job_1", attempt=1, node=0, at=NOW),
    "offsets": lambda s: s.lab.telemetry.offsets(job="job_1", attempt=1),
    "sealing": lambda s: s.vault.seal("user_9", "Ann"),
    "erasing": lambda s: s.vault.erase("user_9"),
    "secret names": lambda s: s.lab.secrets.names(team="team_1", user="user_1"),
    "a secret": lambda s: s.lab.secrets.put(team="t", user="", name="N", number=1, value="v"),
    "a password": lambda s: s.lab.credentials.password_is("user_1", "wrong"),
    "a token": lambda s: s.lab.credentials.find("lab_unknown"),
    "holdings": lambda s: s.lab.holdings.missing("team_1", [DIGEST]),
    "a read model": lambda s: s.projectors[0].position(),
    "catching up": lambda s: s.projectors[0].catch_up(),
}


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """An API whose database was stopped under it."""
    home: Path = tmp_path_factory.mktemp("home")
    for root in fresh_root():
        database = EmbeddedPostgres(root, binaries_or_skip())
        try:
            with rig(database.start(), "away", home) as running:
                running.parts.pool.timeout = 0.2
                database.stop()
                yield running
                database.start()  # its threads end better with it than without
        finally:
            database.stop()


@pytest.mark.parametrize("what", ASKED)
def test_what_needs_the_database_says_that_it_is_away(away: Rig, what: str) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        ASKED[what](away.parts)
    assert "\n" not in str(caught.value.values["why"])


def test_graphql_answers_with_the_code(away: Rig) -> None:
    body = away.ask("{ jobs { edges { node { id } } } }")
    told = body["errors"][0]["extensions"]
    assert (told["code"], told["transient"]) == ("STORE_UNAVAILABLE", True)


def test_a_node_is_told_to_try_again(away: Rig) -> None:
    token = away.parts.lab.credentials.job_token("job_1", 1, now=away.parts.lab.clock.now())
    headers = {"Authorization": f"Bearer {token}"}
    here = {"attempt": 1, "node": 0, "stream": "node", "offset": 0}
    with served(lambda: app_of(away.parts)) as server:
        answer = httpx.post(f"{server.url}/node/v1/journal", params=here, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "STORE_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) > 0
