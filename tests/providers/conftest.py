"""A Slurm cluster for the tests of providers: one a session, started when the first test wants it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.asked import missing
from tests.fakes.slurm_cluster import SlurmCluster, programs_missing

INSTALL = "sudo apt-get install slurm-wlm munge openssh-server"


@contextmanager
def running_cluster(
    *, database: bool = False, rest: bool = False, nodes: int = 3
) -> Iterator[SlurmCluster]:
    """Missing programs skip on a laptop and fail on CI."""
    absent = programs_missing(database=database, rest=rest)
    if absent:
        missing(f"Slurm tests need {', '.join(absent)}: {INSTALL}")
    root = Path(tempfile.mkdtemp(prefix="lab-slurm-"))
    cluster = SlurmCluster(root, nodes=nodes, database=database, rest=rest)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def slurm() -> Iterator[SlurmCluster]:
    """Three nodes with two fake A100 each, without an accounting database."""
    with running_cluster() as cluster:
        yield cluster
