"""What an admin's price table makes of a request, of a machine, and of what is written wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.job_spec import JobSpec
from domain.resources import Accelerator, Resources
from providers.base import ComputeProvider, InvalidSettings
from providers.local import factory as local
from providers.slurm import factory as slurm
from providers.slurm.inventory import Node, offers, priced
from providers.slurm.settings import read_settings
from providers.surroundings import Surroundings

PRICES: dict[str, object] = {
    "price_per_cpu_hour": 0.5,
    "price_per_gib_hour": 0.25,
    "price_per_accelerator_hour": "h100=4, A100=2, *=1",
}
CLUSTER: dict[str, object] = {"ssh_host": "login", "ssh_user": "lab", "work_folder": "/shared"}
A100 = Accelerator(kind="A100", count=2)


@pytest.fixture(params=["local", "slurm", "slurm people"])
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> ComputeProvider:
    around = Surroundings(root=tmp_path, sdk=tmp_path, read_blob=lambda _: iter(()), currency="EUR")
    if request.param == "local":
        return local.build(PRICES, around)
    people = {"accounts": "person", "work_folder": "/shared/{user}"}
    more = people if request.param == "slurm people" else {}
    return slurm.build({**CLUSTER, **PRICES, **more}, around)


@pytest.mark.parametrize(
    ("resources", "price"),
    [
        (Resources(), 0.5),
        (Resources(cpus=4, memory_gib=8), 4.0),
        (Resources(cpus=2, accelerators=A100), 5.0),
        (Resources(cpus=2, accelerators=A100, num_nodes=3), 15.0),
        (Resources(accelerators=Accelerator(kind="H100")), 4.5),
        (Resources(accelerators=Accelerator(kind="T4")), 1.5),
        (Resources(accelerators=Accelerator(kind="NVIDIA")), 4.5),
        (Resources(any_of=(Resources(cpus=2), Resources(accelerators=A100))), 4.5),
    ],
)
def test_a_request_costs_what_it_asks_for(
    provider: ComputeProvider, resources: Resources, price: float
) -> None:
    assert provider.price(JobSpec(name="x", run="y", resources=resources)) == price


def test_offers_tell_what_a_whole_machine_costs(tmp_path: Path) -> None:
    around = Surroundings(root=tmp_path, sdk=tmp_path, read_blob=lambda _: iter(()), currency="EUR")
    machine = {"cpus": 8, "memory_gib": 16, "accelerators": "A100:2"}
    found = local.build({**machine, **PRICES}, around).offers()
    assert [(o.price_per_hour, o.currency) for o in found] == [(12.0, "EUR"), (8.0, "EUR")]
    free = local.build(machine, around)
    assert {o.price_per_hour for o in free.offers()} == {0.0}
    node = Node(
        name="n1", partition="gpu", default=True, cpus=8, idle_cpus=8, memory_mib=16384,
        state="idle", gpus={"a100": 2}, used={},
    )  # fmt: skip
    settings = read_settings({**CLUSTER, **PRICES})
    cluster = slurm.build({**CLUSTER, **PRICES}, around)
    (offer,) = priced(offers(settings, [node]), cluster.prices, currency="EUR")  # type: ignore[attr-defined]  # a Slurm provider's
    assert (offer.price_per_hour, offer.currency) == (12.0, "EUR")


@pytest.mark.parametrize("validate", [local.validate, slurm.validate])
@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("price_per_cpu_hour", -1, "0 to 10,000, not -1"),
        ("price_per_gib_hour", float("inf"), "not inf"),
        ("price_per_cpu_hour", "dear", "price_per_cpu_hour"),
        ("price_per_accelerator_hour", "A100", "'A100' is not acceptable"),
        ("price_per_accelerator_hour", "A100=-2", "A price is a number from 0"),
        ("price_per_accelerator_hour", "A100=1,a100=2", "Name A100 once"),
    ],
)
def test_a_price_that_is_none_is_refused_by_its_field(
    validate: object, field: str, value: object, says: str
) -> None:
    given = CLUSTER if validate is slurm.validate else {}
    with pytest.raises(InvalidSettings, match=says) as told:
        validate({**given, field: value})  # type: ignore[operator]  # one of two functions
    assert field in str(told.value)
