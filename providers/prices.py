"""What an hour costs where an admin says so: per CPU, per GiB of memory, per accelerator. Pure.

Prices are in the installation's currency (docs/adr/0022). Not here: prices that a market tells.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

import msgspec

from domain.accelerators import VENDORS
from domain.errors import InvalidInput
from domain.resources import Accelerator, Resources
from domain.task_resources import each_alternative
from domain.weights import OTHERS, read_by_kind
from providers.base import InvalidSettings

MOST = 10_000.0
DEFAULT_CPUS = 1.0
_WAY_OUT = "Write accelerators and their price an hour, like `H100=4.50,A100=2,*=1`. A price is"


class Priced(Protocol):
    """The part of an adapter's settings that says prices."""

    @property
    def price_per_cpu_hour(self) -> float: ...

    @property
    def price_per_gib_hour(self) -> float: ...

    @property
    def price_per_accelerator_hour(self) -> str: ...


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """``accelerators`` by normalised name; ``*`` is for those that are not named, else free."""

    cpu: float = 0.0
    gib: float = 0.0
    accelerators: Mapping[str, float] = {}

    def of(self, wanted: Resources) -> float:
        """An hour of what is asked, on all nodes. Of alternatives the dearest counts, as in quotas.

        Memory that is not asked for costs nothing; CPUs that are not asked for are one.
        """
        return max(self._of_nodes(one) for one in each_alternative(wanted))

    def of_machine(self, *, cpus: float, memory_gib: float, has: tuple[Accelerator, ...]) -> float:
        """An hour of a whole machine."""
        devices = sum(self._of_accelerators(one) for one in has)
        return round(cpus * self.cpu + memory_gib * self.gib + devices, 6)

    def _of_nodes(self, wanted: Resources) -> float:
        asked = wanted.accelerators
        one = self.of_machine(
            cpus=DEFAULT_CPUS if wanted.cpus is None else wanted.cpus,
            memory_gib=wanted.memory_gib or 0.0,
            has=(asked,) if asked else (),
        )
        return round(one * wanted.num_nodes, 6)

    def _of_accelerators(self, wanted: Accelerator) -> float:
        named = {kind.lower(): price for kind, price in self.accelerators.items()}
        others = named.get(OTHERS, 0.0)
        unnamed = max([others, *named.values()]) if wanted.kind in VENDORS else others
        return wanted.count * named.get(wanted.kind.lower(), unnamed)


def read_prices(settings: Priced, *, provider: str) -> Prices:
    """``InvalidSettings`` names the setting that is wrong."""
    for field in ("price_per_cpu_hour", "price_per_gib_hour"):
        value = getattr(settings, field)
        if not (math.isfinite(value) and 0 <= value <= MOST):
            told = f"{field} must be 0 to {MOST:,.0f}, not {value}."
            raise InvalidSettings(provider=provider, reason=told)
    field = "price_per_accelerator_hour"
    try:
        table = read_by_kind(settings.price_per_accelerator_hour, field=field, way_out=_WAY_OUT)
    except InvalidInput as error:
        raise InvalidSettings(provider=provider, reason=str(error)) from error
    return Prices(
        cpu=settings.price_per_cpu_hour, gib=settings.price_per_gib_hour, accelerators=table
    )
