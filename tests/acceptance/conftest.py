"""An installation for each test, over the session's PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.cluster import Cluster, cluster


@pytest.fixture
def lab_cluster(postgres: str, schema: str, tmp_path: Path) -> Iterator[Cluster]:
    with cluster(postgres, schema, tmp_path) as made:
        yield made
