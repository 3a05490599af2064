"""How the registry makes a Local adapter."""

from __future__ import annotations

from collections.abc import Mapping

from providers.base import ComputeProvider
from providers.local.provider import LocalProvider
from providers.local.settings import capacity, read_settings
from providers.surroundings import Surroundings


def build(settings: Mapping[str, object], around: Surroundings) -> ComputeProvider:
    """The adapter for checked settings."""
    return LocalProvider(read_settings(settings), around)


def validate(settings: Mapping[str, object]) -> None:
    """Nothing, or ``InvalidSettings``."""
    capacity(read_settings(settings))
