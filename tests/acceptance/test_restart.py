"""Web and worker are killed again and again under a talking job: it never notices, and no word is lost."""

from __future__ import annotations

import pytest

from tests.acceptance.cluster import Cluster, assert_ledger_is_settled, wait_until
from tests.asked import LONG

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance]

SECONDS = 120 if LONG else 12
EVERY_S = 0.02
COUNT = int(SECONDS / EVERY_S)
KILLS = 3
SCRIPT = f"""\
cat > talk.py <<'END'
import time, lab
lab.init()
begun = time.monotonic()
for i in range(1, {COUNT} + 1):
    print(f"line {{i}}", flush=True)
    lab.log_metrics({{"loss": 1 / i}}, step=i)
    time.sleep(max(0, begun + i * {EVERY_S} - time.monotonic()))
lab.finish()
END
python3 talk.py
"""


def test_a_job_outlives_web_and_worker_without_losing_a_line_or_a_point(
    lab_cluster: Cluster,
) -> None:
    parts = lab_cluster.parts
    lab_cluster.start("worker")
    lab_cluster.start("web")
    job = lab_cluster.queue(SCRIPT)
    for kill in range(1, KILLS + 1):
        due = COUNT * kill // (KILLS + 1)

        def told(due: int = due) -> bool:
            return parts.telemetry.last_line(job, attempt=1) >= due

        wait_until(told, patience_s=SECONDS + 30, tell=lambda: str(lab_cluster.job(job)))
        lab_cluster.kill("web")
        lab_cluster.kill("worker")
        lab_cluster.start("worker")
        lab_cluster.start("web")
    row = lab_cluster.ended(job, patience_s=SECONDS + 60)
    assert (row.status, row.attempt) == ("COMPLETE", 1)
    wait_until(lambda: parts.telemetry.last_line(job, attempt=1) == COUNT)
    assert lab_cluster.lines(row) == [f"line {i}" for i in range(1, COUNT + 1)]
    points = parts.telemetry.points(job, "loss")
    assert list(points.steps) == list(range(1, COUNT + 1))
    assert list(points.values) == [1 / i for i in range(1, COUNT + 1)]
    assert_ledger_is_settled(lab_cluster)
