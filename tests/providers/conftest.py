"""A Slurm cluster for the tests of providers: one a session, started when the first test wants it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.slurm_cluster import SlurmCluster, missing

INSTALL = "sudo apt-get install slurm-wlm munge openssh-server"


@contextmanager
def running_cluster(*, database: bool = False) -> Iterator[SlurmCluster]:
    """Missing programs skip on a laptop and fail on CI."""
    absent = missing(database=database)
    if absent:
        told = f"Slurm tests need {', '.join(absent)}: {INSTALL}"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    root = Path(tempfile.mkdtemp(prefix="lab-slurm-"))
    cluster = SlurmCluster(root, database=database)
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
