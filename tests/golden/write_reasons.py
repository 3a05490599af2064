"""Writes the explanation of each situation that has none. Existing ones are never touched."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.application.situations import SITUATIONS, Situation

REASONS = Path(__file__).parent / "reasons"


def explanation(situation: Situation) -> str:
    """The reason with its evidence and what would help, and how it came to be, as JSON."""
    told = situation.told
    shown = {
        "reason": msgspec.to_builtins(told[-1].reason),
        "history": [[t.position, t.event, t.reason.code, t.reason.text] for t in told],
    }
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode() + "\n"


def write_missing() -> list[Path]:
    """The files that were written."""
    REASONS.mkdir(exist_ok=True)
    missing = [n for n in SITUATIONS if not (REASONS / f"{n}.json").exists()]
    for name in missing:
        (REASONS / f"{name}.json").write_text(explanation(SITUATIONS[name]()), "utf-8")
    return [REASONS / f"{name}.json" for name in missing]


if __name__ == "__main__":
    for path in write_missing():
        print(path)
