"""What the sections of a job page share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from projections.rows import JobRow
from ui.gateway import Gateway, Names


@dataclass(kw_only=True)
class JobView:
    """``row`` is replaced as the job moves."""

    gateway: Gateway
    row: JobRow
    names: Names
    asked: Mapping[str, str] = field(default_factory=dict)
    """What the address asks for beside the job and the tab."""


class Section(Protocol):
    """A part that follows the job. ``cares`` names news: ``f`` facts, ``l`` lines, ``m`` metrics, ``p`` progress."""

    cares: str

    async def refresh(self) -> None: ...
