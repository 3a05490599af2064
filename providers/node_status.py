"""``status.json`` as the node wrapper writes it, in the domain's words. Layout: ``docs/node-protocol.md``.

Not here: where the file is and how it is reached; that is each adapter's.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from domain.observations import Exit, Phase

PHASES = {
    "claimed": Phase.PROVISIONING,
    "setup": Phase.SETUP,
    "run": Phase.RUNNING,
    "uploading": Phase.RUNNING,
    "ended": Phase.ENDED,
}


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The latest phase, who runs it, and how it ended. Times are unix seconds."""

    phase: str = ""
    t: float = 0.0
    host: str = ""
    pid: int = 0
    started_at: float | None = None
    exit_code: int | None = None
    signal: int | None = None
    in_: str = msgspec.field(default="run", name="in")
    oom: bool = False
    reason: str = ""

    @property
    def ended(self) -> bool:
        return self.phase == "ended"

    @property
    def ok(self) -> bool:
        """Whether the command ended well; only meaningful once it has ended."""
        return self.exit_code == 0 and self.in_ == "run"


def exit_of(status: Status) -> Exit:
    """How the command of an ended attempt ended."""
    return Exit(
        code=status.exit_code,
        signal=status.signal,
        phase=status.in_,
        out_of_memory=status.oom,
        reason=status.reason,
    )


def moment(seconds: float | None) -> datetime | None:
    """An aware UTC time from unix seconds."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
