"""What the wrapper is handed on this machine: the bundle of ``docs/node-protocol.md``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from providers.base import JobRequest
from providers.local.settings import GIB
from providers.local.slots import Slot
from providers.node_bundle import identity_of, work_of


def bundle_of(
    request: JobRequest,
    slot: Slot,
    *,
    hooks: Mapping[str, str],
    sdk: Path,
    run: Path,
    cache: Path,
) -> dict[str, object]:
    """JSON-ready. The caller writes it 0600; the wrapper deletes it when it has read it."""
    return {
        **identity_of(request),
        "node": 0,
        "nodes": 1,
        "hooks": dict(hooks),
        "blobs": str(run / "blobs"),
        "sdk": str(sdk),
        "venv_cache": str(cache),
        "memory_bytes": int(slot.memory_gib * GIB) or None,
        "cpus": slot.cpus,
        "accelerators": list(slot.accelerators),
        **work_of(request),
    }
