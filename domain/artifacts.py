"""Artifact: files a job saved, by content hash. A checkpoint is an artifact one can resume from."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias, get_args

from domain.job_spec import FrozenFile, Scalar
from domain.model import Event


class ArtifactKind(StrEnum):
    ARTIFACT = "artifact"
    MODEL = "model"
    DATASET = "dataset"
    CHECKPOINT = "checkpoint"


class ArtifactSaved(Event, frozen=True, kw_only=True, tag="artifact.saved.v1"):
    """Every byte of ``files`` is in the store, verified. ``step`` is -1 when it has none."""

    team: str
    experiment: str
    job: str
    attempt: int
    kind: ArtifactKind
    name: str
    files: tuple[FrozenFile, ...]
    step: int = -1
    metadata: dict[str, Scalar] = {}


class ArtifactDeleted(Event, frozen=True, kw_only=True, tag="artifact.deleted.v1"):
    """The bytes may be collected; the fact that it existed stays."""

    reason: str = ""


ArtifactEvent: TypeAlias = ArtifactSaved | ArtifactDeleted
EVENTS: tuple[type[Event], ...] = get_args(ArtifactEvent)


def artifact_id(job: str, attempt: int, local_id: str) -> str:
    """The id of what the SDK saved as ``local_id``: the same each time it is reported."""
    return f"art_{job.removeprefix('job_')}_{attempt}_{local_id}"
