"""What ``sbatch --test-only`` says of a job that is not submitted. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from domain.job_spec import JobSpec
from providers.base import JobRequest, StartEstimate
from providers.slurm.inventory import Node
from providers.slurm.settings import SlurmSettings
from providers.slurm.submission import Place, script

# sbatch: Job 3 to start at 2026-11-21T05:50:26 using 2 processors on nodes n[1,3] in partition batch
START = re.compile(r"to start at (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)")

TRIAL = "estimate"


def trial_script(spec: JobSpec, settings: SlurmSettings, nodes: Sequence[Node]) -> bytes:
    """The batch script as it would be submitted, of no job."""
    nobody = JobRequest(job=TRIAL, attempt=0, token=TRIAL, spec=spec, job_token="", server_url="")
    place = Place(work=settings.work_folder, sdk=TRIAL)
    return script(nobody, settings, nodes, place=place).encode()


def parse_estimate(said: str) -> StartEstimate | None:
    """``None`` when sbatch named no time. It was asked to tell times in UTC."""
    found = START.search(said)
    if found is None:
        return None
    start = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    return StartEstimate(start_at=start, words=said.strip().removeprefix("sbatch: "))
