"""Which stored bytes nothing in the log names. Only told; nothing is deleted here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import msgspec

from application.log import EventLog
from domain.artifacts import ArtifactSaved
from domain.experiments import DocumentAttached
from domain.installation import LogArchived
from domain.job_events import JobQueued
from domain.job_spec import FrozenFile
from domain.model import Event
from domain.tasks import TaskRevised
from domain.teams import TeamLogoSet

BATCH = 5_000


class Stored(Protocol):
    """What is asked of ``providers.storage.base.ArtifactStore``."""

    def digests(self) -> Iterator[str]: ...

    def size(self, sha256: str) -> int: ...


class StorageReport(msgspec.Struct, frozen=True, kw_only=True):
    blobs: int
    bytes: int
    unreferenced: int
    unreferenced_bytes: int


def storage_report(log: EventLog, blobs: Stored) -> StorageReport:
    """Blobs are listed before the log is read, so that what is saved meanwhile counts as named."""
    sizes = {digest: blobs.size(digest) for digest in blobs.digests()}
    named = set(_named(log))
    loose = [size for digest, size in sizes.items() if digest not in named]
    return StorageReport(
        blobs=len(sizes),
        bytes=sum(sizes.values()),
        unreferenced=len(loose),
        unreferenced_bytes=sum(loose),
    )


def _named(log: EventLog) -> Iterator[str]:
    head, position = log.head(), 0
    while position < head:
        for recorded in log.read(position, BATCH, head):
            position = recorded.position
            yield from (file.sha256 for file in _files_of(recorded.event))
            if isinstance(recorded.event, LogArchived | TeamLogoSet):
                yield recorded.event.sha256


def _files_of(event: Event) -> tuple[FrozenFile, ...]:
    match event:
        case ArtifactSaved() | TaskRevised():
            return event.files
        case JobQueued():
            return event.spec.files
        case DocumentAttached():
            return (event.file,)
    return ()
