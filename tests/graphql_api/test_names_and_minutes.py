"""A taken name is told by what it names; minutes that cannot be are refused before anything else."""

from __future__ import annotations

import pytest

from application.commands.jobs import Launch, queue_job
from domain.errors import InvalidInput
from tests.graphql_api.rig import TASK, Rig

pytestmark = pytest.mark.postgres

TAKERS = {
    "experiment": 'mutation { createExperiment(name: "twice") { id } }',
    "task": 'mutation { createTask(experiment: "alpha", yaml: "name: twice\\nrun: b") { id } }',
    "provider": 'mutation { addProvider(name: "twice", kind: "idle") { id } }',
    "team": 'mutation { createTeam(name: "twice") { id } }',
}


@pytest.mark.parametrize("kind", TAKERS)
def test_a_taken_name_is_told_by_what_it_names(api: Rig, kind: str) -> None:
    api.data(TAKERS[kind])
    error = api.ask(TAKERS[kind])["errors"][0]
    told = error["extensions"]
    assert (told["code"], told["kind"], told["name"]) == ("ALREADY_EXISTS", kind, "twice")
    assert error["message"].startswith(f"The {kind} 'twice' exists already")


def test_an_experiment_is_not_renamed_to_one_that_exists(api: Rig) -> None:
    made = api.data('mutation { createExperiment(name: "one") { id } }')["createExperiment"]["id"]
    rename = "mutation($i: ID!, $n: String!) { renameExperiment(id: $i, name: $n) { position } }"
    told = api.ask(rename, i=made, n="alpha")["errors"][0]["extensions"]
    assert (told["code"], told["name"]) == ("ALREADY_EXISTS", "alpha")
    api.data(rename, i=made, n="other")
    api.data(rename, i=made, n="other")


@pytest.mark.parametrize("minutes", [-1, 0, 527_041, 10**9])
def test_minutes_that_cannot_be_are_refused(api: Rig, minutes: int) -> None:
    head = api.lab.log.head()
    with pytest.raises(InvalidInput) as refused:
        queue_job(api.lab, api.owner.actor, Launch(yaml=TASK, minutes_requested=minutes))
    assert refused.value.values["field"] == "minutes_requested"
    assert api.lab.log.head() == head
