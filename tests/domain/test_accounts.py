"""Who has which account at a compute provider: given facts, when a command, then facts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.compute import Account, PersonMapped, PersonUnmapped, Provider, ProviderAdded
from domain.errors import AlreadyExists, InvalidInput, NotFound

NOW = datetime(2026, 11, 3, tzinfo=UTC)
ADMIN = "user:ada"
ADDED = ProviderAdded(
    team="t",
    name="hpc",
    kind="slurm",
    originator_id="prov_1",
    originator_version=1,
    at=NOW,
    by=ADMIN,
)
CLUSTER = Provider().evolve(ADDED)


def mapped(provider: Provider, user: str, account: str, key: str = "KEY") -> Provider:
    for fact in provider.map_person(user, account=account, key=key, now=NOW, by=ADMIN):
        provider = provider.evolve(fact)
    return provider


def unmapped(provider: Provider, user: str) -> Provider:
    for fact in provider.unmap_person(user, now=NOW, by=ADMIN):
        provider = provider.evolve(fact)
    return provider


def test_mapping_a_person_records_the_secrets_name_and_who_did_it() -> None:
    (fact,) = CLUSTER.map_person("ann", account="ann3", key="KEY", now=NOW, by=ADMIN)
    assert isinstance(fact, PersonMapped)
    assert (fact.user, fact.account, fact.key, fact.by) == ("ann", "ann3", "KEY", ADMIN)
    assert CLUSTER.evolve(fact).account_of("ann") == Account(user="ann", name="ann3", key="KEY")


def test_mapping_twice_records_one_fact_and_another_key_records_another() -> None:
    once = mapped(CLUSTER, "ann", "ann3")
    assert once.map_person("ann", account="ann3", key="KEY", now=NOW, by=ADMIN) == []
    again = mapped(once, "ann", "ann3", key="NEW")
    assert again.accounts == (Account(user="ann", name="ann3", key="NEW"),)


def test_an_account_is_one_persons_at_a_time() -> None:
    once = mapped(CLUSTER, "ann", "ann3")
    with pytest.raises(AlreadyExists, match="it is ann's"):
        once.map_person("bob", account="ann3", key="KEY", now=NOW, by=ADMIN)
    freed = mapped(unmapped(once, "ann"), "bob", "ann3")
    assert freed.account_of("ann") is None
    assert freed.account_of("bob") == Account(user="bob", name="ann3", key="KEY")


def test_an_account_that_was_a_persons_is_remembered_for_the_jobs_it_has() -> None:
    moved = mapped(mapped(CLUSTER, "ann", "old"), "ann", "new")
    was = Account(user="ann", name="old", key="KEY", current=False)
    assert moved.accounts == (was, Account(user="ann", name="new", key="KEY"))
    assert [a.current for a in unmapped(moved, "ann").accounts] == [False, False]


def test_unmapping_twice_records_one_fact() -> None:
    once = mapped(CLUSTER, "ann", "ann3")
    (fact,) = once.unmap_person("ann", now=NOW, by=ADMIN)
    assert isinstance(fact, PersonUnmapped)
    assert once.evolve(fact).unmap_person("ann", now=NOW, by=ADMIN) == []


@pytest.mark.parametrize("account", ["", "a/b", "../x", "-rf", ".ssh", "a b", "a$(id)", "x" * 65])
def test_an_account_is_a_login_name_and_nothing_else(account: str) -> None:
    with pytest.raises(InvalidInput):
        CLUSTER.map_person("ann", account=account, key="KEY", now=NOW, by=ADMIN)


def test_a_provider_that_is_not_there_maps_nobody() -> None:
    with pytest.raises(NotFound):
        Provider().map_person("ann", account="ann3", key="KEY", now=NOW, by=ADMIN)
