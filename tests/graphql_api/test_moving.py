"""A job that waits is moved to another provider: once, with its money, and never after a worker has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count

import pytest

from application.actor import system
from application.commands.attempts import explain_waits, launch_job
from application.commands.batches import Waiting, launch_jobs
from application.commands.compute import add_provider, disable_provider, note_reachable
from application.commands.job_moves import move_cost, move_job
from application.lab import Lab
from application.proof import prove_guards
from domain.errors import BudgetExceeded, NotQueued
from domain.job_events import JobMoved, JobStatus
from domain.job_spec import JobSpec
from domain.jobs import Job, fold
from providers.base import ComputeProvider, SubmissionRefused, Wait
from tests.fakes.providers import FakeProviders, IdleProvider
from tests.graphql_api.rig import Account, Rig

pytestmark = pytest.mark.postgres

MOVE = """mutation($i:ID!,$p:String!,$k:String!){moveJob(id:$i,provider:$p,idempotencyKey:$k){
 position job{provider{name} status}}}"""
QUEUE = "mutation($l:Launch!){queueJob(launch:$l){id}}"
DEAR = "name: dear\nrun: train\nresources:\n  accelerators: A100:1\n"
numbers = count()


@pytest.fixture
def owner(api: Rig) -> Account:
    """Of a team with the providers ``idle``, its default, and ``other``."""
    n = next(numbers)
    made = api.account(f"owner{n}@moving.example", f"moving{n}")
    add_provider(api.lab, made.actor, name="other", kind="idle")
    api.settle()
    return made


def queued(api: Rig, owner: Account, yaml: str = DEAR) -> str:
    return str(api.data(QUEUE, token=owner.token, l={"yaml": yaml})["queueJob"]["id"])


def asked(api: Rig, owner: Account, job: str, provider: str = "other", key: str = "") -> object:
    return api.data(MOVE, token=owner.token, i=job, p=provider, k=key)["moveJob"]


def state(api: Rig, job: str) -> Job:
    return fold(api.lab.log.stream(job))


def moves(api: Rig, job: str) -> int:
    return sum(isinstance(event, JobMoved) for event in api.lab.log.stream(job))


def ids(api: Rig, owner: Account) -> Mapping[str, str]:
    return {row.name: row.id for row in api.queries.providers(owner.team)}


class Priced(FakeProviders):
    """``prices`` by provider's id; one of them may refuse for ever."""

    def __init__(self, prices: Mapping[str, float], *, never: str = "") -> None:
        super().__init__()
        self._prices, self._never = prices, never

    def of(self, provider: str) -> ComputeProvider:
        return _Priced(self._prices.get(provider, 0.0), never=provider == self._never)


class _Priced(IdleProvider):
    def __init__(self, price: float, *, never: bool) -> None:
        self._price, self._never = price, never

    def price(self, spec: JobSpec) -> float:
        return self._price

    def admit(self, spec: JobSpec, *, owner: str = "") -> Wait | None:
        told = Wait(code="too_big", text="It has no A100.", forever=True)
        return told if self._never else None


def when(lab: Lab, point: str, do: Callable[[], object]) -> Lab:
    """``lab``, which does something else once, at a point between two effects."""
    waiting = [do]

    def reached(here: str) -> None:
        if here == point and waiting:
            waiting.pop()()

    return replace(lab, reached=reached)


def test_a_queued_job_waits_for_another_provider_and_says_so_once(api: Rig, owner: Account) -> None:
    job = queued(api, owner)
    full = Wait(code="no_room:cpus", text="full")
    explain_waits(api.lab, {job: full}, provider=state(api, job).provider)
    found = asked(api, owner, job)
    asked(api, owner, job)
    assert found["job"] == {"provider": {"name": "other"}, "status": "QUEUED"}  # type: ignore[index]
    assert moves(api, job) == 1
    assert state(api, job).wait_code == ""
    api.settle()
    text = "query($i:ID!){job(id:$i){why whyHistory{event}}}"
    told = api.data(text, token=owner.token, i=job)["job"]
    assert "full" not in told["why"]
    assert told["whyHistory"][-1]["event"] == "job.moved.v1"
    listed = "query($p:String!){jobs(where:{provider:$p}){edges{node{id}}}}"
    there = api.data(listed, token=owner.token, p=ids(api, owner)["other"])["jobs"]["edges"]
    assert [edge["node"]["id"] for edge in there] == [job]


def test_the_timeline_and_the_reasons_keep_what_was_where_it_waited_before(
    api: Rig, owner: Account
) -> None:
    job = queued(api, owner)
    there = ids(api, owner)
    note_reachable(api.lab, system("poller"), there["idle"], problem="no route")
    asked(api, owner, job)
    api.settle()
    text = """query($i:ID!){jobTimeline(job:$i){entries{event{name sentence} ledBy}}
     job(id:$i){whyHistory{event reason{code}} explanation{code}}}"""
    found = api.data(text, token=owner.token, i=job)
    told = {e["event"]["name"]: e["event"]["sentence"] for e in found["jobTimeline"]["entries"]}
    assert "provider.unreachable.v1" in told
    assert told["job.moved.v1"] == "Moved: it waits for other now."
    codes = [(r["event"], r["reason"]["code"]) for r in found["job"]["whyHistory"]]
    assert codes[-2:] == [
        ("provider.unreachable.v1", "PROVIDER_UNREACHABLE"),
        ("job.moved.v1", "UNLOOKED"),
    ]
    assert found["job"]["explanation"]["code"] == "UNLOOKED"


def test_a_move_sent_again_with_its_key_is_not_done_again_later(api: Rig, owner: Account) -> None:
    job = queued(api, owner)
    asked(api, owner, job, key="move-1")
    asked(api, owner, job, provider="idle", key="move-2")
    asked(api, owner, job, key="move-1")
    assert state(api, job).provider == ids(api, owner)["idle"]
    assert moves(api, job) == 2
    launch_job(api.lab, job, provider=ids(api, owner)["idle"])
    asked(api, owner, job, key="move-1")  # answered as the first time, though it is launched
    code = api.code(MOVE, token=owner.token, i=job, p="idle", k="move-1")
    assert code == "IDEMPOTENCY_KEY_REUSED"


def test_what_is_not_to_be_moved_there_is_refused_with_its_reason(api: Rig, owner: Account) -> None:
    job = queued(api, owner)
    strange = api.account(f"stranger{next(numbers)}@moving.example", "strangers")
    theirs = api.queries.providers(strange.team)[0].id
    for provider, code in (("nowhere", "NOT_FOUND"), (theirs, "NOT_FOUND"), ("", "INVALID_INPUT")):
        assert api.code(MOVE, token=owner.token, i=job, p=provider, k="") == code
    assert api.code(MOVE, token=strange.token, i=job, p="idle", k="") == "NOT_FOUND"
    disable_provider(api.lab, owner.actor, ids(api, owner)["other"])
    body = api.ask(MOVE, token=owner.token, i=job, p="other", k="")
    assert "It is disabled" in body["errors"][0]["message"]
    never = replace(api.lab, providers=Priced({}, never=ids(api, owner)["idle"]))
    add_provider(api.lab, owner.actor, name="third", kind="idle")
    move_job(api.lab, owner.actor, job, provider="third")
    with pytest.raises(SubmissionRefused, match="no A100"):
        move_job(never, owner.actor, job, provider="idle")
    assert moves(api, job) == 1
    launch_job(api.lab, job, provider=state(api, job).provider)
    body = api.ask(MOVE, token=owner.token, i=job, p="idle", k="")
    assert body["errors"][0]["extensions"]["code"] == "NOT_QUEUED"
    assert "is LAUNCHING" in body["errors"][0]["message"]


def test_the_money_held_for_it_moves_with_it_and_is_refused_when_there_is_none(
    api: Rig, owner: Account
) -> None:
    limit = "mutation{setBudget(limit:5){position}}"
    api.data(limit, token=owner.token)
    there = ids(api, owner)
    lab = replace(api.lab, providers=Priced({there["other"]: 4.0, there["idle"]: 1.0}))
    job = queued(api, owner)
    held = "{budget{team{held left}}}"

    def budget() -> object:
        api.settle()
        return api.data(held, token=owner.token)["budget"]["team"]

    assert budget() == {"held": 2.0, "left": 3.0}
    shown = move_cost(lab, owner.actor, job, provider="other")
    assert (shown.held, shown.held_there, shown.currency) == (2.0, 4.0, "USD")
    assert budget() == {"held": 2.0, "left": 3.0}
    move_job(lab, owner.actor, job, provider="other")
    assert budget() == {"held": 4.0, "left": 1.0}
    assert state(api, job).budget.amount == 4_000_000
    move_job(lab, owner.actor, job, provider="idle")
    assert budget() == {"held": 1.0, "left": 4.0}
    api.data("mutation{setBudget(limit:3){position}}", token=owner.token)
    with pytest.raises(BudgetExceeded, match=r"3.00 USD asked, 2.00 left"):
        move_job(lab, owner.actor, job, provider="other")
    assert budget() == {"held": 1.0, "left": 2.0}
    assert state(api, job).provider == there["idle"]
    assert not [d for d in prove_guards(api.lab.log) if owner.team in str(d)]
    stop = "mutation($i:ID!){stopJob(id:$i){position}}"
    api.data(stop, token=owner.token, i=job)
    assert budget() == {"held": 0.0, "left": 3.0}


@pytest.mark.parametrize("point", ["launch.locked", "before job.launching.v1"])
@pytest.mark.parametrize("batch", [False, True])
def test_a_worker_that_is_about_to_launch_it_where_it_was_loses(
    api: Rig, owner: Account, point: str, batch: bool
) -> None:
    job = queued(api, owner)
    old = state(api, job).provider
    lab = when(api.lab, point, lambda: move_job(api.lab, owner.actor, job, provider="other"))
    if batch:
        launch_jobs(lab, old, [Waiting(job=job, attempt=0)])
    else:
        assert not launch_job(lab, job, provider=old)
    assert state(api, job).status is JobStatus.QUEUED
    assert state(api, job).attempt == 0
    explain_waits(api.lab, {job: Wait(code="no_room:gpus", text="full")}, provider=old)
    assert state(api, job).wait_code == ""
    assert launch_job(api.lab, job, provider=ids(api, owner)["other"])
    assert state(api, job).ref


def test_a_move_that_comes_a_moment_after_a_worker_is_refused(api: Rig, owner: Account) -> None:
    job = queued(api, owner)
    old = state(api, job).provider
    lab = when(api.lab, "before job.moved.v1", lambda: launch_job(api.lab, job, provider=old))
    with pytest.raises(NotQueued):
        move_job(lab, owner.actor, job, provider="other")
    assert moves(api, job) == 0
    assert state(api, job).provider == old
    assert state(api, job).status is JobStatus.LAUNCHING
