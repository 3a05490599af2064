"""Jobs of somebody who is not there any more are held, say so, and go on when the person is back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count

import pytest

from application.actor import Actor, system
from application.commands.accounts import register_user
from application.commands.jobs import Launch, queue_job
from application.commands.members import add_member, remove_member
from application.commands.service_accounts import close_service_account, make_service_account
from application.pollers.provider_rounds import Memory, Round
from domain.job_events import JobStatus
from domain.jobs import Job, fold
from domain.teams import Role
from domain.users import fold as fold_user
from tests.graphql_api.rig import PASSWORD, TASK, Account, Rig

pytestmark = pytest.mark.postgres

ADMIN = system("admin")
WHY = "query($i:ID!){job(id:$i){explanation{code text help evidence{name value}}}}"
numbers = count()


class Place:
    """A team with a provider that launches whatever it is handed."""

    def __init__(self, api: Rig) -> None:
        self.api, number = api, next(numbers)
        self.owner: Account = api.account(f"boss{number}@away.example", f"away{number}")
        (provider,) = api.queries.providers(self.owner.team)
        self.provider = provider.id
        self.email = f"ben{number}@away.example"
        self.ben = register_user(api.lab, ADMIN, email=self.email, name="Ben", password=PASSWORD)
        self.join()

    def join(self) -> None:
        add_member(self.api.lab, self.owner.actor, email=self.email, role=Role.MEMBER)

    def leave(self) -> None:
        remove_member(self.api.lab, self.owner.actor, user=self.ben)

    def disable(self) -> None:
        self.api.lab.change(
            self.ben, fold_user, lambda u: u.disable(now=self.now, by=ADMIN.by), actor=ADMIN
        )

    def enable(self) -> None:
        self.api.lab.change(
            self.ben, fold_user, lambda u: u.enable(now=self.now, by=ADMIN.by), actor=ADMIN
        )

    @property
    def now(self) -> datetime:
        return self.api.lab.clock.now()

    def queue(self, user: str, *, urgent: bool = False) -> str:
        actor = Actor(by=f"user:{user}", user=user, team=self.owner.team, role=Role.MEMBER)
        yaml = TASK + ("priority: 90\n" if urgent else "")
        return queue_job(self.api.lab, actor, Launch(yaml=yaml, experiment="alpha"))

    def look(self) -> None:
        """What a worker does once."""
        self.api.settle()
        Round(
            lab=self.api.lab, queries=self.api.queries, provider=self.provider, memory=Memory(),
            caught_up=lambda: None,
        ).run()  # fmt: skip
        self.api.settle()

    def job(self, job: str) -> Job:
        return fold(self.api.lab.log.stream(job))

    def told(self, job: str) -> dict[str, object]:
        found: dict[str, object] = self.api.data(WHY, token=self.owner.token, i=job)["job"][
            "explanation"
        ]
        return found


@pytest.mark.parametrize(
    ("goes", "comes", "says"),
    [
        (Place.leave, Place.join, "not in the team any more"),
        (Place.disable, Place.enable, "account of its owner is disabled"),
    ],
    ids=["removed", "disabled"],
)
def test_a_queued_job_waits_for_its_owner_and_holds_up_nobody(
    api: Rig, goes: Callable[[Place], None], comes: Callable[[Place], None], says: str
) -> None:
    place = Place(api)
    bens = [place.queue(place.ben, urgent=True) for _ in range(3)]
    goes(place)
    mine = place.queue(place.owner.user)
    place.look()
    assert {place.job(job).status for job in bens} == {JobStatus.QUEUED}
    assert place.job(mine).status is JobStatus.LAUNCHING
    told = place.told(bens[0])
    assert told["code"] == "OWNER_AWAY"
    assert says in str(told["text"])
    assert told["help"]
    length = place.job(bens[0]).version
    place.look()
    assert place.job(bens[0]).version == length, "it is told once"
    comes(place)
    place.look()
    assert {place.job(job).status for job in bens} == {JobStatus.LAUNCHING}


def test_a_job_of_a_closed_service_account_is_held(api: Rig) -> None:
    place = Place(api)
    bot = make_service_account(api.lab, place.owner.actor, name="bot", role=Role.MEMBER)
    job = place.queue(bot)
    close_service_account(api.lab, place.owner.actor, bot)
    place.look()
    assert place.job(job).status is JobStatus.QUEUED
    assert "closed or has expired" in str(place.told(job)["text"])
