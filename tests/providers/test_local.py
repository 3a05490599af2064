"""Local keeps the contract of compute providers, and what is particular to one machine."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from domain.job_spec import JobSpec
from domain.observations import Phase
from domain.resources import Accelerator, Resources
from providers.base import Handle, InvalidSettings, NoCapacity
from providers.local.provider import LocalProvider
from providers.local.rundir import RunDir
from providers.local.settings import Capacity, LocalSettings, read_settings
from providers.local.slots import Slot, place
from providers.surroundings import Surroundings
from tests.contracts.compute_provider import ComputeProviderContract, request, wanting

SDK = Path(__file__).resolve().parents[2]


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[LocalProvider]:
    made = make(tmp_path)
    yield made
    for living in made.census():
        made.stop(living.handle, grace_s=0)


def make(root: Path, settings: LocalSettings | None = None) -> LocalProvider:
    chosen = settings or LocalSettings(cpus=2, memory_gib=4)
    around = Surroundings(root=root / "jobs", sdk=SDK, read_blob=lambda _: iter(()))
    return LocalProvider(chosen, around)


class TestLocal(ComputeProviderContract):
    """Nothing more to say."""


def test_a_full_machine_makes_jobs_wait_with_a_reason_and_refuses_races(
    provider: LocalProvider,
) -> None:
    provider.submit(request("sleep 60"))
    provider.submit(request("sleep 60"))
    wait = provider.admit(JobSpec(name="c", run="true"))
    assert wait is not None
    assert (wait.code, wait.forever) == ("no_room:cpus", False)
    assert "2 of 2 cpus are in use by 2 job(s)" in wait.text
    with pytest.raises(NoCapacity):
        provider.submit(request("true"))


def test_an_ended_job_gives_its_slot_back(provider: LocalProvider) -> None:
    handles = [provider.submit(request("true")).handle for _ in range(2)]
    for handle in handles:
        TestLocal().ended(provider, handle)
    assert provider.admit(JobSpec(name="c", run="true")) is None


def test_a_job_that_says_it_has_ended_is_looked_at_again_while_its_wrapper_lives(
    provider: LocalProvider,
) -> None:
    """Its files are its own to write; what is believed for good is a wrapper that is gone."""
    handle = provider.submit(request("sleep 60")).handle
    TestLocal().until(provider, handle, lambda o: o.phase is Phase.RUNNING)
    status = provider.root / handle / "status.json"
    true = status.read_bytes()
    status.write_bytes(true.replace(b'"running"', b'"ended"').replace(b'"run"', b'"ended"'))
    assert provider.census() == []
    status.write_bytes(true)
    assert [living.handle for living in provider.census()] == [handle]


def test_accelerators_are_assigned_one_by_one() -> None:
    has = Capacity(cpus=4, memory_gib=16, accelerators=(Accelerator(kind="A100", count=3),))
    held: list[Slot] = []
    for expected in ((0, 1), (2,)):
        slot = place(wanting("A100", len(expected)), job="j", attempt=1, has=has, held=held)
        assert isinstance(slot, Slot)
        assert slot.accelerators == expected
        held.append(slot)
    full = place(wanting("NVIDIA", 1), job="j", attempt=1, has=has, held=held)
    assert not isinstance(full, Slot)
    assert "3 of 3 accelerators are in use by 2 job(s)" in full.text


def test_a_job_sees_the_accelerators_it_was_given_and_no_others(tmp_path: Path) -> None:
    provider = make(tmp_path, LocalSettings(cpus=4, accelerators="A100:3"))
    handles = []
    for number in (2, 1, 0):
        asked = request('echo "devices:$CUDA_VISIBLE_DEVICES"; sleep 1')
        wanted = Accelerator(kind="A100", count=number) if number else None
        spec = replace(asked.spec, resources=Resources(accelerators=wanted))
        handles.append(provider.submit(replace(asked, spec=spec)).handle)
    for handle, devices in zip(handles, ("0,1", "2", ""), strict=True):
        TestLocal().ended(provider, handle)
        assert TestLocal().said(provider, handle, f"devices:{devices}")


def test_a_restarted_server_finds_its_jobs(provider: LocalProvider, tmp_path: Path) -> None:
    handle = provider.submit(request("sleep 60")).handle
    TestLocal().until(provider, handle, lambda o: o.phase is Phase.RUNNING)
    again = make(tmp_path)
    assert again.observe([handle])[handle].phase is Phase.RUNNING
    assert [living.handle for living in again.census()] == [handle]


def test_a_wrapper_that_was_killed_is_gone_and_leaves_no_process(
    provider: LocalProvider, tmp_path: Path
) -> None:
    pidfile = tmp_path / "pid"
    handle = provider.submit(request(f"echo $$ > {pidfile}; sleep 60")).handle
    TestLocal().until(provider, handle, lambda o: o.phase is Phase.RUNNING)
    wait_for(lambda: pidfile.exists() and pidfile.read_text().strip() != "")
    wrapper = RunDir(provider.root, handle).wrapper()
    assert wrapper is not None
    os.kill(wrapper.pid, signal.SIGKILL)
    gone = TestLocal().ended(provider, handle)
    assert gone.phase is Phase.GONE
    wait_for(lambda: not Path(f"/proc/{pidfile.read_text().strip()}").exists())


def test_secrets_reach_the_job_and_stay_on_no_disk_it_leaves(provider: LocalProvider) -> None:
    asked = request('echo "len ${#TOKEN}"')
    spec = replace(asked.spec, envs={"TOKEN": "{{secret.T}}"}, secrets=("T",))
    asked = replace(asked, spec=spec, secrets={"T": "hunter2hunter2"})
    handle = provider.submit(asked).handle
    TestLocal().ended(provider, handle)
    (node,) = [c for c in provider.spool(handle, {}, limit=2**20) if c.stream == "node"]
    assert b'"m":"len 14"' in node.body
    left = [p for p in (provider.root / handle).rglob("*") if p.is_file()]
    assert [p.name for p in left if b"hunter2" in p.read_bytes()] == []
    assert "hunter2" not in repr(asked)


@pytest.mark.parametrize(
    ("resources", "says"),
    [
        (Resources(num_nodes=2), "num_nodes is 2"),
        (Resources(image="ubuntu"), "image is set"),
        (Resources(spot=True), "spot is set"),
        (Resources(cpus=64), "cpus is 64"),
        (Resources(memory_gib=512), "memory is 512 GiB"),
        (Resources(accelerators=Accelerator(kind="H100", count=8)), "this machine has none"),
    ],
)
def test_what_local_cannot_do_is_refused_with_what_it_has(resources: Resources, says: str) -> None:
    has = Capacity(cpus=4, memory_gib=16)
    wait = place(
        JobSpec(name="c", run="true", resources=resources), job="j", attempt=1, has=has, held=[]
    )
    assert not isinstance(wait, Slot)
    assert wait.forever
    assert says in wait.text


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"cpu": 4}, "Known: cpus"),
        ({"cpus": -1}, "cpus must be above 0"),
        ({"cpus": "many"}, "Expected `float | null`"),
        ({"accelerators": "A100:x"}, "KIND:COUNT"),
    ],
)
def test_a_bad_setting_is_named(raw: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        make(Path("/nonexistent"), read_settings(raw))
    assert says in str(refused.value)


def wait_for(condition: object, patience_s: float = 10) -> None:
    end = time.monotonic() + patience_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_handle_is_its_token(provider: LocalProvider) -> None:
    asked = request("true")
    assert provider.submit(asked).handle == Handle(asked.token)
