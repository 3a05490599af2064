"""What pages show, decided without a browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from domain import job_events
from domain.model import Event
from domain.observations import FailureClass
from tests.golden.samples import sample_event
from ui import text
from ui.theme.status import STATUS
from ui.views.ansi import plain, spans
from ui.views.phases import attempts
from ui.views.sentences import sentence
from ui.views.task_check import Choices, check, plan

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_terminal_colours_become_styled_text() -> None:
    assert spans("\x1b[1;31mbad\x1b[0m ok") == [("bad", "b c1"), (" ok", "")]
    assert spans("\x1b[38;5;200mpink\x1b[39m\x1b[92mgreen") == [("pink", ""), ("green", "c2")]
    assert plain("\x1b]0;title\x07\x1b[2Khello\x1b[K") == "hello"


def test_a_progress_bar_that_overwrites_its_line_shows_its_last_state() -> None:
    assert plain(" 10%\r 50%\r100%\r") == "100%"


def test_markup_in_a_line_stays_text() -> None:
    assert spans("<b>x</b>") == [("<b>x</b>", "")]


@pytest.mark.parametrize("cls", job_events.EVENTS)
def test_every_fact_of_a_job_has_a_sentence(cls: type[Event]) -> None:
    colour, told = sentence(sample_event(cls))
    assert colour.upper() in STATUS
    assert told
    assert cls.__name__ not in told


def test_every_status_of_the_domain_has_a_word_and_a_glyph() -> None:
    assert {str(s) for s in job_events.JobStatus} < set(STATUS)


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _sampled(cls: type[Event], seconds: float, **values: object) -> Event:
    return replace(sample_event(cls), at=_at(seconds), **values)


def test_a_retried_job_has_an_attempt_for_each_try() -> None:
    facts = [
        _sampled(job_events.JobQueued, 0),
        _sampled(job_events.JobLaunching, 5, attempt=1),
        _sampled(job_events.JobRunning, 9, attempt=1),
        _sampled(
            job_events.JobAttemptFailed, 20, attempt=1, blame=FailureClass.USER_CODE, reason="no"
        ),
        _sampled(job_events.JobLaunching, 30, attempt=2),
    ]
    first, second = attempts(facts)
    lasted = [
        (p.name, (p.end - p.start).total_seconds()) for p in first.phases if p.start and p.end
    ]
    assert lasted == [("queued", 5), ("launching", 4), ("running", 11)]
    assert (first.ended, first.reason) == ("RETRIED", "no")
    assert [(p.name, p.state) for p in second.phases] == [
        ("queued", "done"),
        ("launching", "now"),
        ("running", "todo"),
    ]


def test_a_queued_job_shows_what_is_still_to_come() -> None:
    (only,) = attempts([_sampled(job_events.JobQueued, 0)])
    assert [p.state for p in only.phases] == ["now", "todo", "todo"]


TASK = (
    "name: t\nparameters:\n  lr: {type: float, default: 0.1, max: 1}\n  deep: true\nrun: 'true'\n"
)


def test_a_task_is_checked_with_the_line_of_each_problem() -> None:
    problems = check("name: t\nrunn: x\n").problems
    assert any(p.line == 2 for p in problems)
    assert check(TASK).problems == ()


def test_a_launch_is_planned_from_what_was_typed() -> None:
    task = check(TASK).task
    assert task is not None
    typed = Choices(
        parameters={"lr": "0.5", "deep": "false"}, resources={"cpus": "4+"}, minutes="30"
    )
    spec = plan(task, typed).spec
    assert spec is not None
    assert spec.parameters == {"lr": 0.5, "deep": False}
    assert (spec.resources.cpus, spec.minutes_requested) == (4, 30)


@pytest.mark.parametrize(
    ("choices", "path"),
    [
        (Choices(parameters={"lr": "5"}), "parameters.lr"),
        (Choices(parameters={"lr": "fast"}), "parameters.lr"),
        (Choices(resources={"cpus": "many"}), "resources.cpus"),
        (Choices(minutes="soon"), "minutes_requested"),
    ],
)
def test_what_cannot_be_launched_is_told_at_its_field(choices: Choices, path: str) -> None:
    task = check(TASK).task
    assert task is not None
    planned = plan(task, choices)
    assert planned.spec is None
    assert path.rpartition(".")[2] in planned.problems[0].path


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(45, "45s"), (841, "14m 1s"), (10_920, "3h 02m"), (187_200, "2d 4h")],
)
def test_durations_are_short(seconds: float, shown: str) -> None:
    assert text.duration(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (16_100_000_000, "16.1 GB")]
)
def test_sizes_are_in_powers_of_ten(count: int, shown: str) -> None:
    assert text.size(count) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.83541, "0.8354"), (3e-5, "3.00e-05"), (18234, "18,234"), (0, "0")]
)
def test_numbers_have_four_digits_that_count(value: float, shown: str) -> None:
    assert text.number(value) == shown
