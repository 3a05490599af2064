"""What the REST API answers becomes what squeue and sinfo print, whatever its version's shapes."""

from __future__ import annotations

import pytest

from domain.observations import Exit
from providers.slurm.accounting import SQUEUE_FIELDS, parse_jobs
from providers.slurm.cluster import NODE_FIELDS, PARTITION_FIELDS
from providers.slurm.inventory import SINFO_FIELDS, parse_nodes
from providers.slurm.rest.api import Refused
from providers.slurm.rest.rows import job_rows, node_rows, number, partition_rows
from providers.slurm.rest.submission import body

JOB = {
    "job_id": 7, "array_job_id": 0, "name": "lab-x", "job_state": "FAILED", "exit_code": 1792,
    "start_time": 1795636930, "submit_time": 1795636900, "end_time": 1795636990, "nodes": "n1",
    "state_reason": "NonZeroExitCode", "restart_cnt": 2, "partition": "batch",
}  # fmt: skip
SET = {"set": True, "infinite": False}
NEWER = JOB | {
    "job_state": ["RUNNING", "COMPLETING"], "array_job_id": SET | {"number": 0},
    "start_time": SET | {"number": 1795636930}, "end_time": {"set": False, "number": 0},
    "exit_code": {
        "status": ["SIGNALED"], "return_code": SET | {"number": 0},
        "signal": {"id": SET | {"number": 9}, "name": "KILL"},
    },
}  # fmt: skip
NODE = {
    "name": "n1", "partitions": ["batch", "spot"], "state": "idle", "state_flags": [], "cpus": 8,
    "alloc_cpus": 2, "real_memory": 4096, "gres": "gpu:A100:2", "gres_used": "gpu:A100:1(IDX:0)",
}  # fmt: skip
BATCH = {"name": "batch", "flags": ["default"], "state": "UP", "total_nodes": 3}
NEWER_BATCH = {
    "name": "spot", "nodes": {"total": 2}, "partition": {"state": ["DOWN"], "flags": ["DEFAULT"]},
}  # fmt: skip


def test_a_job_of_either_shape_is_read_as_squeue_shows_it() -> None:
    old, new = parse_jobs(job_rows([JOB, NEWER], SQUEUE_FIELDS))
    assert (old.id, old.state, old.exit, old.restarts) == ("7", "FAILED", Exit(code=7), 2)
    assert f"{old.end}" == "2026-11-25 20:03:10+00:00"
    assert (new.state, new.exit, new.end) == ("COMPLETING", Exit(signal=9), None)


def test_the_elements_of_an_array_are_rows_of_their_own() -> None:
    waiting = JOB | {"array_job_id": 7, "array_task_string": "0-2,5%4", "job_state": "PENDING"}
    running = JOB | {"job_id": 9, "array_job_id": 7, "array_task_id": 4, "array_task_string": ""}
    assert list(job_rows([waiting, running], "%i %T")) == [
        "7_0 PENDING", "7_1 PENDING", "7_2 PENDING", "7_5 PENDING", "7_4 FAILED",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "state", "idle"),
    [
        ({}, "idle", 6),
        ({"state": "mixed", "state_flags": ["DRAIN"]}, "draining", 6),
        ({"state": ["IDLE", "DRAIN"]}, "drained", 0),
        ({"state": ["DOWN", "NOT_RESPONDING"]}, "down", 0),
    ],
)
def test_a_node_is_a_row_in_each_of_its_partitions(
    changed: dict[str, object], state: str, idle: int
) -> None:
    batch, spot = parse_nodes(node_rows([NODE | changed], [BATCH], SINFO_FIELDS))
    assert (batch.partition, batch.default, spot.partition, spot.default) == (
        "batch",
        True,
        "spot",
        False,
    )
    assert (batch.state, batch.idle_cpus, batch.gpus, batch.used) == (
        state,
        idle,
        {"A100": 2},
        {"A100": 1},
    )
    (shown, _) = node_rows([NODE | changed | {"reason": "a|b\nc"}], [BATCH], NODE_FIELDS)
    assert shown.endswith("|a|b c|")


def test_partitions_of_either_shape() -> None:
    rows = list(partition_rows([BATCH, NEWER_BATCH], PARTITION_FIELDS))
    assert rows == ["batch*|up|3|", "spot*|down|2|"]


def test_numbers_that_are_not_set_are_nothing() -> None:
    assert [number(v) for v in (None, "", 3, "4", SET | {"number": 5}, {"set": False})] == [
        0, 0, 3, 4, 5, 0,
    ]  # fmt: skip


def test_directives_become_properties_and_unknown_ones_are_refused() -> None:
    script = "#!/bin/bash\n#SBATCH --mem=1536M\n#SBATCH --time=1-02:30:00\n#SBATCH --no-requeue\n"
    job = body(script, folder="/w", environment={"A": "b"})["job"]
    assert job == {
        "current_working_directory": "/w", "environment": {"A": "b"},
        "memory_per_node": 1536, "time_limit": 1590, "requeue": False,
    }  # fmt: skip
    with pytest.raises(Refused, match="--nodelist"):
        body("#SBATCH --nodelist=n1\n", folder="/w", environment={})
