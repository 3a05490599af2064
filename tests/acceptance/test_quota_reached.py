"""The end of a quota is no end of the work: the job saves its checkpoint, says why, and goes on later."""

from __future__ import annotations

from dataclasses import replace

import pytest

from application.commands.jobs import queue_job, rerun_job
from application.commands.quotas import set_quota
from application.explain import why
from domain.errors import QuotaExceeded
from tests.acceptance.cluster import Cluster, launch_of, wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance]

HELD_S = 2
TRAIN = """\
cat > train.py <<'END'
import pathlib, time, lab
lab.init()
found = lab.latest_checkpoint()
if found:
    print("went on at", (pathlib.Path(found) / "state.txt").read_text())
    raise SystemExit
pathlib.Path("state.txt").write_text("0")
print("training")
step = 0
while not lab.stop_requested():
    time.sleep(0.05)
    step += 1
pathlib.Path("state.txt").write_text("the last step")
lab.save_checkpoint("state.txt", step=step)
raise SystemExit(143)
END
python3 train.py
"""


@pytest.fixture
def working(lab_cluster: Cluster) -> Cluster:
    lab_cluster.start("worker", LAB_STOP_GRACE_S="20")
    return lab_cluster


def test_a_job_at_the_limit_saves_its_checkpoint_and_is_resumed_when_the_limit_is_raised(
    working: Cluster,
) -> None:
    parts, me = working.parts, working.me
    shortly = replace(parts.lab, policy=replace(parts.lab.policy, default_reservation_s=HELD_S))
    set_quota(parts.lab, me, limit_minutes=1)
    job = queue_job(shortly, me, launch_of(TRAIN))
    set_quota(parts.lab, me, limit_minutes=0)

    row = working.ended(job)
    assert (row.status, row.blame, row.stop_reason) == ("FAILED", "quota", "quota")
    assert "quota is used up" in why(row)
    assert "training" in working.lines(row)
    assert row.used_s is not None
    assert row.used_s >= HELD_S
    wait_until(lambda: working.job(job) is not None and _checkpoint(working, job) != "")
    with pytest.raises(QuotaExceeded):
        rerun_job(parts.lab, me, job, checkpoint=_checkpoint(working, job))

    set_quota(parts.lab, me, limit_minutes=600)
    again = working.ended(rerun_job(parts.lab, me, job, checkpoint=_checkpoint(working, job)))
    assert again.status == "COMPLETE"
    assert "went on at the last step" in working.lines(again)


def _checkpoint(working: Cluster, job: str) -> str:
    found = working.parts.queries.latest_checkpoint(job)
    return found.id if found else ""
