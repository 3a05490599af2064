"""Which adapters there are: kind to dotted path, imported at first use, and what to install if it fails.

The only place that names concrete providers, and the only one that imports inside a function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from providers.base import ComputeProvider, InvalidSettings
from providers.surroundings import Surroundings


class Factory(Protocol):
    """The two functions every adapter module offers."""

    def build(self, settings: Mapping[str, object], around: Surroundings) -> ComputeProvider: ...

    def validate(self, settings: Mapping[str, object]) -> None:
        """Nothing, or ``InvalidSettings``; contacts nobody."""
        ...


@dataclass(frozen=True)
class Entry:
    module: str
    install: str = ""


KINDS: Mapping[str, Entry] = {
    "local": Entry("providers.local.factory"),
    "slurm": Entry("providers.slurm.factory", install="labledger[slurm]"),
}


def factory(kind: str) -> Factory:
    """The adapter's module. ``InvalidSettings`` for an unknown kind or a missing optional part."""
    entry = KINDS.get(kind)
    if entry is None:
        raise InvalidSettings(provider=kind, reason=f"unknown kind. Known: {', '.join(KINDS)}.")
    try:
        return cast("Factory", import_module(entry.module))
    except ModuleNotFoundError as error:
        reason = f"needs {error.name}: install {entry.install}."
        raise InvalidSettings(provider=kind, reason=reason) from error
