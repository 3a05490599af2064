"""What can go wrong with a database we run ourselves.

Not here: what the log refuses (``application/log.py``).
"""

from __future__ import annotations

from domain.errors import LabError


class EmbeddedPostgresError(LabError):
    """The embedded database cannot run. Values: ``what``, ``way_out``."""

    code = "EMBEDDED_POSTGRES"
    sentence = "Embedded PostgreSQL: {what}. {way_out}"

    def __init__(self, *, what: str, way_out: str) -> None:
        super().__init__(what=what, way_out=way_out)


class AlreadyOwned(EmbeddedPostgresError):
    """Another process runs the database in this folder. Values: ``root``."""

    code = "EMBEDDED_POSTGRES_OWNED"

    def __init__(self, *, root: str) -> None:
        super().__init__(
            what=f"another process runs the database in {root}",
            way_out="Stop it, choose another data folder, or share one with LAB_DATABASE_URL.",
        )
