"""Jobs on Slurm run as the person who asked for them, each over a connection of their own."""

from __future__ import annotations

import pwd
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from domain.compute import Account
from domain.job_spec import JobSpec
from domain.observations import Phase
from providers.base import (
    AccountUnavailable,
    ComputeProvider,
    Handle,
    InvalidSettings,
    JobRequest,
    ProviderUnavailable,
    SubmissionRefused,
    Submitted,
)
from providers.slurm.factory import build
from providers.slurm.people import SlurmPeople
from providers.slurm.settings import read_settings
from providers.surroundings import Surroundings
from tests.asked import root_only
from tests.contracts.compute_provider import ComputeProviderContract, request
from tests.fakes.slurm_cluster import SlurmCluster, wait_for

pytestmark = [pytest.mark.slurm, pytest.mark.xdist_group("slurm")]
SDK = Path(__file__).resolve().parents[2]


class People:
    """Who is mapped to which account, and their secrets; both may change under a living provider."""

    def __init__(self, cluster: SlurmCluster, ann: str, bob: str) -> None:
        self.cluster, self.ann, self.bob = cluster, ann, bob
        self.secrets = {("user_ann", "KEY"): cluster.new_key(ann)}
        self.secrets["user_bob", "KEY"] = cluster.new_key(bob)
        self.accounts = (
            Account(user="user_ann", name=ann, key="KEY"),
            Account(user="user_bob", name=bob, key="KEY"),
        )

    def map(self, *accounts: Account) -> None:
        self.accounts = accounts

    def settings(self, **more: object) -> dict[str, object]:
        return {
            "ssh_host": "127.0.0.1", "ssh_port": self.cluster.ssh_port, "accounts": "person",
            "host_key": self.cluster.host_key,
            "work_folder": f"{self.cluster.root}/shared/{{user}}/lab",
        } | more  # fmt: skip

    def provider(self, **more: object) -> SlurmPeople:
        around = Surroundings(
            root=self.cluster.root,
            sdk=SDK,
            read_blob=lambda sha256: iter([]),
            secret={"CLUSTER_KEY": self.cluster.private_key}.__getitem__,
            secret_of=lambda user, name: self.secrets[user, name],
            accounts=lambda: self.accounts,
            name="hpc",
        )
        made = build(self.settings(**more), around)
        assert isinstance(made, SlurmPeople)
        return made


@pytest.fixture(scope="session")
def two(slurm: SlurmCluster) -> tuple[str, str]:
    """Two people's accounts; nobody but root can make them."""
    root_only("making accounts of several people")
    return slurm.new_account("labann"), slurm.new_account("labbob")


@pytest.fixture
def people(slurm: SlurmCluster, two: tuple[str, str]) -> People:
    return People(slurm, *two)


@pytest.fixture
def provider(people: People, slurm: SlurmCluster) -> Iterator[SlurmPeople]:
    made = people.provider()
    yield made
    made.close()
    slurm.run("scancel", "--partition", "batch")
    wait_for(lambda: not slurm.run("squeue", "-h"), "an empty queue")


class TestSlurmPeople(ComputeProviderContract):
    """The contract as somebody without a name, who is mapped as everybody is."""

    patience_s = 100.0

    @pytest.fixture(autouse=True)
    def somebody(self, people: People) -> None:
        people.secrets["", "KEY"] = people.secrets["user_ann", "KEY"]
        people.map(Account(user="", name=people.ann, key="KEY"))

    def test_an_unknown_handle_is_absent_rather_than_stopped(
        self, provider: ComputeProvider
    ) -> None:
        assert isinstance(provider, SlurmPeople)
        (account,) = provider.around.accounts()
        assert provider.observe([Handle(f"{account.name}/{'f' * 20}")]) == {}


LOOK = TestSlurmPeople()


def of(user: str, run: str) -> JobRequest:
    return msgspec.structs.replace(request(run), owner=user)


def running(provider: SlurmPeople, user: str, run: str = "sleep 60") -> Handle:
    handle = provider.submit(of(user, run)).handle
    LOOK.until(provider, handle, lambda o: o.phase is Phase.RUNNING)
    return handle


def test_two_peoples_jobs_run_as_themselves_with_folders_of_their_own(
    provider: SlurmPeople, people: People, slurm: SlurmCluster
) -> None:
    for user, account in (("user_ann", people.ann), ("user_bob", people.bob)):
        handle = provider.submit(of(user, 'echo "as $(id -un)"')).handle
        assert handle.startswith(f"{account}/")
        done = LOOK.ended(provider, handle)
        assert done.exit is not None
        assert done.exit.code == 0, provider.logs(handle, after="").lines
        assert LOOK.said(provider, handle, f"as {account}")
        folder = slurm.root / "shared" / account / "lab" / "jobs" / handle.rpartition("/")[2]
        assert folder.stat().st_uid == pwd.getpwnam(account).pw_uid
        assert folder.stat().st_mode & 0o077 == 0


def test_many_jobs_of_many_people_go_together_each_as_its_owner(
    provider: SlurmPeople, people: People, slurm: SlurmCluster
) -> None:
    slurm.lock_out(people.bob)
    wishes = [of(user, "true") for user in ("user_ann", "user_bob", "user_cem", "user_ann")]
    first, bobs, cems, last = provider.submit_many(wishes)
    assert isinstance(bobs, AccountUnavailable)
    assert isinstance(cems, SubmissionRefused)
    for wish, outcome in ((wishes[0], first), (wishes[3], last)):
        assert isinstance(outcome, Submitted)
        assert outcome.handle == f"{people.ann}/{wish.token}"
        assert LOOK.ended(provider, outcome.handle).blame is None


def test_somebody_without_an_account_is_refused_for_ever_with_the_way_out(
    provider: SlurmPeople,
) -> None:
    wait = provider.admit(JobSpec(name="c", run="true"), owner="user_cem")
    assert wait is not None
    assert wait.forever
    assert "no account on hpc" in wait.text
    assert "`lab provider map hpc PERSON ACCOUNT --key SECRET`" in wait.text
    with pytest.raises(SubmissionRefused, match="lab provider map hpc"):
        provider.submit(of("user_cem", "true"))


def test_an_account_that_is_locked_out_blinds_nobody_and_loses_nothing(
    provider: SlurmPeople, people: People, slurm: SlurmCluster
) -> None:
    anns, bobs = running(provider, "user_ann"), running(provider, "user_bob")
    slurm.lock_out(people.ann)
    provider.close()
    seen = provider.observe([anns, bobs])
    assert anns in seen
    assert seen[anns] is None
    assert seen[bobs] is not None
    assert provider.observe([anns]) == {anns: None}
    wait = provider.admit(JobSpec(name="c", run="true"), owner="user_ann")
    assert wait is not None
    assert (wait.code, wait.forever) == ("account_unavailable", False)
    assert provider.admit(JobSpec(name="c", run="true"), owner="user_bob") is None
    with pytest.raises(AccountUnavailable, match=f"account {people.ann}: .*does not let"):
        provider.stop(anns, grace_s=0)
    assert [living.handle for living in provider.census()] == [bobs]
    check = {what: ok for what, ok, _ in provider.check().rows}
    assert (check[f"account {people.ann}"], check[f"account {people.bob}"]) == (False, True)


def test_a_login_node_that_is_away_is_told_as_away(
    provider: SlurmPeople, slurm: SlurmCluster
) -> None:
    handles = [running(provider, user) for user in ("user_ann", "user_bob")]
    slurm.end("sshd")
    provider.close()
    try:
        with pytest.raises(ProviderUnavailable, match="does not answer"):
            provider.observe(handles)
    finally:
        slurm.start_sshd()


def test_a_job_is_looked_for_under_its_account_whatever_became_of_the_mapping(
    provider: SlurmPeople, people: People
) -> None:
    handle = running(provider, "user_ann")
    token = handle.rpartition("/")[2]
    mapped = people.accounts[0]
    people.map(msgspec.structs.replace(mapped, current=False), people.accounts[1])
    seen = provider.observe([handle])[handle]
    assert seen is not None
    assert seen.phase is Phase.RUNNING
    assert provider.find(token, owner="user_ann") == handle
    assert provider.find(token, owner="user_bob") is None
    assert provider.census() == []
    provider.stop(handle, grace_s=1)
    assert LOOK.ended(provider, handle).phase is Phase.ENDED


def test_an_attempt_cannot_be_declared_missing_by_an_account_that_does_not_answer(
    provider: SlurmPeople, people: People, slurm: SlurmCluster
) -> None:
    slurm.lock_out(people.ann)
    with pytest.raises(AccountUnavailable):
        provider.find("f" * 20, owner="user_ann")
    assert provider.find("f" * 20, owner="user_bob") is None


def test_a_new_key_opens_the_account_from_the_next_call_on(
    provider: SlurmPeople, people: People, slurm: SlurmCluster
) -> None:
    assert provider.find("f" * 20, owner="user_ann") is None
    people.secrets["user_ann", "OTHER"] = slurm.new_key(people.ann)
    people.map(msgspec.structs.replace(people.accounts[0], key="OTHER"), people.accounts[1])
    assert provider.find("f" * 20, owner="user_ann") is None


def test_taking_the_secret_away_ends_the_connection_and_a_new_one_is_tried_at_once(
    provider: SlurmPeople, people: People, slurm: SlurmCluster
) -> None:
    assert provider.find("f" * 20, owner="user_ann") is None
    good = people.secrets.pop(("user_ann", "KEY"))
    with pytest.raises(AccountUnavailable, match="lab secret set KEY --personal"):
        provider.find("f" * 20, owner="user_ann")
    people.secrets["user_ann", "KEY"] = people.secrets["user_bob", "KEY"]
    for _ in range(2):
        with pytest.raises(AccountUnavailable, match="does not let"):
            provider.find("f" * 20, owner="user_ann")
    people.secrets["user_ann", "KEY"] = good
    assert provider.find("f" * 20, owner="user_ann") is None


def test_a_person_whose_secret_is_missing_is_told_how_to_set_it(
    provider: SlurmPeople, people: People
) -> None:
    people.secrets.clear()
    wait = provider.admit(JobSpec(name="c", run="true"), owner="user_ann")
    assert wait is not None
    assert "`lab secret set KEY --personal`" in wait.text


def test_the_cluster_can_be_looked_at_by_an_account_of_its_own(
    people: People, slurm: SlurmCluster
) -> None:
    people.map()
    looking = people.provider(ssh_user=slurm.user, ssh_key="CLUSTER_KEY")
    assert looking.offers()
    nobody = [row for row in looking.check().rows if not row[1]]
    assert [what for what, _, _ in nobody] == ["accounts"]
    looking.close()
    with pytest.raises(ProviderUnavailable, match="lab provider map hpc"):
        people.provider().offers()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"work_folder": "/scratch/lab"}, "must have {user} in it"),
        ({"work_folder": "/scratch/{user}/../x"}, "without '..'"),
        ({"work_folder": "/scratch/{usr}"}, "absolute path"),
        ({"accounts": "everybody"}, "accounts"),
        ({"accounts": "shared"}, "ssh_user must be"),
    ],
)
def test_settings_of_accounts_are_checked(changes: dict[str, object], says: str) -> None:
    good = {"ssh_host": "h", "accounts": "person", "work_folder": "/scratch/{user}"}
    assert read_settings(good).as_account("ann").work_folder == "/scratch/ann"
    with pytest.raises(InvalidSettings) as refused:
        read_settings(good | changes)
    assert says in str(refused.value)
