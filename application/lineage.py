"""Where what was saved comes from: versions of one name, and the chain from a version back to its beginning.

A version is what one save of a kind and name is; numbers count every save, so that none is ever given
again. The chain goes from an artifact to the job that saved it, to the checkpoint that job's attempt
began from, and on. Not here: data a job read by itself, of which the log holds no fact.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec

from application.actor import Actor
from application.desk_reads import DeskReads
from application.permissions import Action, require
from application.queries import Reads
from application.sight import sees
from domain.errors import InvalidInput, NotFound
from projections.artifact_queries import KINDS
from projections.rows import ArtifactRow, JobRow

VERSIONS_AT_MOST = 1_000
STEPS_AT_MOST = 50


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """``number`` counts from 1, the oldest save."""

    number: int
    row: ArtifactRow


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """One step back: an artifact, its version, and the job that saved it."""

    version: Version
    job: JobRow


def versions(desks: DeskReads, actor: Actor, *, kind: str, name: str) -> list[Version]:
    """Newest first, without deleted ones. ``NotFound`` where nothing of that name is there."""
    require(actor, Action.READ)
    if kind not in KINDS:
        raise InvalidInput(field="kind", value=kind, way_out=f"Choose from {', '.join(KINDS)}.")
    saved = desks.named(actor, kind, name, limit=VERSIONS_AT_MOST)
    found = [
        Version(number=number, row=row)
        for number, row in enumerate(saved, start=1)
        if row.deleted_at is None and sees(actor, row)
    ]
    if not found:
        raise NotFound(kind=kind, id=name)
    return found[::-1]


def lineage(reads: Reads, desks: DeskReads, actor: Actor, id: str) -> list[Origin]:
    """From the artifact back to the first job of the chain. ``NotFound``; ends where rules hide what was before."""
    found: list[Origin] = []
    seen: set[str] = set()
    row: ArtifactRow | None = reads.artifact(actor, id)
    while row is not None and row.id not in seen and len(found) < STEPS_AT_MOST:
        seen.add(row.id)
        found.append(Origin(version=_version(desks, actor, row), job=reads.job(actor, row.job)))
        row = _before(reads, actor, row)
    return found


def _before(reads: Reads, actor: Actor, row: ArtifactRow) -> ArtifactRow | None:
    began = reads.begun_from(actor, row)
    with suppress(NotFound):
        return reads.artifact(actor, began) if began else None
    return None


def _version(desks: DeskReads, actor: Actor, row: ArtifactRow) -> Version:
    saved = desks.named(actor, row.kind, row.name, limit=VERSIONS_AT_MOST)
    number = next((n for n, one in enumerate(saved, start=1) if one.id == row.id), 0)
    return Version(number=number, row=row)
