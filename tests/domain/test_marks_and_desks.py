"""What people put beside the facts: tags, favourites, kept views, notes and documents."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain import desks, job_marks
from domain.desks import Desk
from domain.errors import Conflict, InvalidInput
from domain.experiments import Experiment, ExperimentCreated
from domain.job_marks import Marks
from domain.job_spec import FrozenFile

NOW = datetime(2026, 11, 20, tzinfo=UTC)
BY = "user:user_ada"


def _tagged(*labels: str) -> Marks:
    marks = Marks(id="job_1", team="team_1")
    for label in labels:
        for fact in marks.tag(label, now=NOW, by=BY):
            marks = marks.evolve(fact)
    return marks


def test_a_tag_put_on_twice_is_one_fact_and_taken_off_it_is_gone() -> None:
    marks = _tagged("baseline", "paper")
    assert marks.tags == ("baseline", "paper")
    assert marks.tag(" baseline ", now=NOW, by=BY) == []
    (off,) = marks.untag("baseline", now=NOW, by=BY)
    assert marks.evolve(off).tags == ("paper",)
    assert marks.untag("never there", now=NOW, by=BY) == []


@pytest.mark.parametrize("label", ["", "<img src=x>", "-dash first", "x" * 41, "two\nlines"])
def test_what_cannot_be_a_tag_is_refused(label: str) -> None:
    with pytest.raises(InvalidInput):
        _tagged(label)


def test_a_job_has_at_most_twenty_tags() -> None:
    with pytest.raises(InvalidInput):
        _tagged(*(f"tag {n}" for n in range(job_marks.TAGS_AT_MOST + 1)))


def test_hiding_and_showing_are_facts_only_when_they_change_something() -> None:
    marks = _tagged()
    assert marks.unhide(now=NOW, by=BY) == []
    hidden = marks.evolve(marks.hide(now=NOW, by=BY)[0])
    assert hidden.hide(now=NOW, by=BY) == []
    assert not hidden.evolve(hidden.unhide(now=NOW, by=BY)[0]).hidden


def _desk() -> Desk:
    return desks.fold([], team="team_1", user="user_ada")


def test_a_star_and_a_view_are_the_persons_own() -> None:
    desk = _desk()
    (star,) = desk.star("job_1", now=NOW, by=BY)
    assert star.originator_id == desks.stream_of(team="team_1", user="user_ada")
    starred = desk.evolve(star)
    assert starred.star("job_1", now=NOW, by=BY) == []
    assert starred.evolve(starred.unstar("job_1", now=NOW, by=BY)[0]).stars == frozenset()


def test_a_view_of_the_same_name_is_replaced_and_a_deleted_one_is_gone() -> None:
    desk = _desk()
    desk = desk.evolve(desk.save_view("jobs", "failed", "status=FAILED", now=NOW, by=BY)[0])
    assert desk.save_view("jobs", "failed", "status=FAILED", now=NOW, by=BY) == []
    desk = desk.evolve(desk.save_view("jobs", "failed", "status=FAILED&q=x", now=NOW, by=BY)[0])
    assert desk.views == {("jobs", "failed"): "status=FAILED&q=x"}
    assert desk.evolve(desk.delete_view("jobs", "failed", now=NOW, by=BY)[0]).views == {}
    with pytest.raises(InvalidInput):
        desk.save_view("jobs", "long", "q" * (desks.QUERY_AT_MOST + 1), now=NOW, by=BY)


def _experiment() -> Experiment:
    made = ExperimentCreated(
        team="team_1", name="alpha", originator_id="exp_1", originator_version=1, at=NOW, by=BY
    )
    return Experiment().evolve(made)


def test_notes_edited_by_somebody_else_meanwhile_are_not_overwritten() -> None:
    experiment = _experiment()
    experiment = experiment.evolve(experiment.note("one", now=NOW, by=BY)[0])
    assert experiment.note("one", now=NOW, by=BY) == []
    with pytest.raises(Conflict):
        experiment.note("mine", instead_of="", now=NOW, by=BY)
    (kept,) = experiment.note("two", instead_of="one", now=NOW, by=BY)
    assert experiment.evolve(kept).notes == "two"


def test_a_document_of_the_same_path_is_replaced() -> None:
    experiment = _experiment()
    first, second = (FrozenFile(path="a.pdf", sha256=c * 64, size=1) for c in "ab")
    experiment = experiment.evolve(experiment.attach(first, now=NOW, by=BY)[0])
    assert experiment.attach(first, now=NOW, by=BY) == []
    experiment = experiment.evolve(experiment.attach(second, now=NOW, by=BY)[0])
    assert experiment.documents == {"a.pdf": second}
    assert experiment.evolve(experiment.detach("a.pdf", now=NOW, by=BY)[0]).documents == {}


def test_a_score_is_chosen_with_its_direction() -> None:
    experiment = _experiment()
    (fact,) = experiment.choose_score("loss", lower_is_better=True, now=NOW, by=BY)
    assert experiment.evolve(fact).lower_is_better
