"""Schema names for fixtures that outlive a test: a module's may be set up again in the same process."""

from __future__ import annotations

from uuid import uuid4


def unused_schema(prefix: str) -> str:
    """A name nobody has used on this server."""
    return f"{prefix}_{uuid4().hex[:8]}"
