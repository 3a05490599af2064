"""Importing an offline run: who may, once for a key, and a job like any other afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from application.commands.experiments import create_experiment
from application.commands.jobs import rerun_job, stop_job
from domain.errors import InvalidInput
from domain.job_events import JobStatus
from domain.jobs import fold
from server.bootstrap import System
from tests.server.serving import PEOPLE, app_of, project, served, start_job

pytestmark = pytest.mark.postgres

ANA = PEOPLE["Bearer ana"]
RUN = {"key": "20260102-ab", "experiment": "alpha", "name": "mine", "started_at": 1.0e9}
HOSTILE: list[object] = [
    [],
    {},
    {**RUN, "key": ""},
    {**RUN, "key": "x" * 300},
    {**RUN, "key": "a\nb"},
    {**RUN, "name": "a\x1bb"},
    {**RUN, "name": "x" * 5000},
    {**RUN, "started_at": 1e300},
    {**RUN, "started_at": "now"},
    {**RUN, "parameters": []},
]


@pytest.fixture
def runs(system: System) -> Iterator[httpx.Client]:
    create_experiment(system.lab, ANA, name="alpha")
    with served(lambda: app_of(system)) as server, httpx.Client(base_url=server.url) as client:
        yield client


def post(runs: httpx.Client, body: object, who: str = "ana") -> httpx.Response:
    headers = {"Authorization": f"Bearer {who}"}
    return runs.post("/node/v1/runs", json=body, headers=headers)


def test_a_run_is_one_job_however_often_it_is_imported(system: System, runs: httpx.Client) -> None:
    first = post(runs, RUN).json()
    head = system.lab.log.head()
    assert post(runs, {**RUN, "parameters": {"lr": 1}}).json() == first
    assert system.lab.log.head() == head
    job = fold(system.lab.log.stream(first["job_id"]))
    assert (job.status, job.attempt, job.owner, job.imported) == ("RUNNING", 1, "ana", True)
    assert job.running_at is not None
    assert job.running_at.timestamp() == 1.0e9


def test_a_key_is_not_taken_for_another_run(runs: httpx.Client) -> None:
    post(runs, RUN)
    answer = post(runs, {**RUN, "started_at": 2.0e9})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_who_may_not_launch_may_not_import(system: System, runs: httpx.Client) -> None:
    assert post(runs, RUN, "vic").status_code == 403
    assert post(runs, RUN, "nobody").status_code == 401
    assert post(runs, RUN, start_job(system, "job_1")).status_code == 401
    assert post(runs, RUN, "eve").status_code == 404  # there is no alpha in that team


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_run_is_refused(system: System, runs: httpx.Client, body: object) -> None:
    head = system.lab.log.head()
    assert post(runs, body).status_code == 400
    assert system.lab.log.head() == head


def test_parameters_of_any_shape_are_kept(system: System, runs: httpx.Client) -> None:
    given = {"a": 1, "b": [1, 2], "c": {"d": [None]}, "e": "nul\0", "f": None}
    job = post(runs, {**RUN, "parameters": given}).json()["job_id"]
    project(system)
    row = system.queries.job(job)
    assert row is not None
    kept = {"a": 1, "b": [1, 2], "c": '{"d":[null]}', "e": "nul\ufffd", "f": None}
    assert row.spec["parameters"] == kept


def test_an_imported_job_is_stopped_at_once_and_not_run_again(
    system: System, runs: httpx.Client
) -> None:
    job = post(runs, RUN).json()["job_id"]
    with pytest.raises(InvalidInput):
        rerun_job(system.lab, ANA, job)
    stop_job(system.lab, ANA, job)
    stop_job(system.lab, ANA, job)
    assert fold(system.lab.log.stream(job)).status is JobStatus.STOPPED
