"""How the registry makes a Slurm adapter."""

from __future__ import annotations

from collections.abc import Mapping

from providers.base import ComputeProvider
from providers.slurm.people import SlurmPeople
from providers.slurm.provider import SlurmProvider
from providers.slurm.settings import read_settings
from providers.surroundings import Surroundings


def build(settings: Mapping[str, object], around: Surroundings) -> ComputeProvider:
    """The adapter for checked settings; it connects at the first call."""
    read = read_settings(settings)
    return SlurmPeople(read, around) if read.accounts == "person" else SlurmProvider(read, around)


def validate(settings: Mapping[str, object]) -> None:
    """Nothing, or ``InvalidSettings``."""
    read_settings(settings)
