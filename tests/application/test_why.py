"""Every situation has exactly one dominant reason, which its evidence makes, and says what would help."""

from __future__ import annotations

import pytest

from application.why import Around, reason_of, row_of
from domain.compute import ProviderReachable
from domain.model import Recorded
from domain.reasons import ReasonCode
from tests.application.situations import JOB, SITUATIONS, Life, no_room_life, told, unreachable
from tests.domain.jobs_given import SYSTEM, at
from tests.golden.write_reasons import REASONS, explanation


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation_is_explained_as_its_golden_file_says(name: str) -> None:
    path = REASONS / f"{name}.json"
    assert path.exists(), "run `python -m tests.golden.write_reasons` and commit the file"
    assert explanation(SITUATIONS[name]()) == path.read_text("utf-8")


@pytest.mark.parametrize("name", SITUATIONS)
def test_without_its_evidence_the_reason_is_another(name: str) -> None:
    situation = SITUATIONS[name]()
    reason = situation.told[-1].reason
    before = situation.told_without
    assert before[-1].reason.code is not reason.code
    assert reason.help, "it says what would help"
    assert reason.text
    assert "  " not in reason.text


def test_there_are_ten_situations_and_more() -> None:
    assert len(SITUATIONS) >= 10
    assert {path.stem for path in REASONS.glob("*.json")} == set(SITUATIONS)


def test_a_provider_that_answers_again_gives_way_to_the_jobs_own_reason() -> None:
    facts = unreachable().facts
    again = ProviderReachable(originator_id="prov_1", originator_version=3, at=at(60), by=SYSTEM)
    codes = [t.reason.code for t in told([*facts, again])]
    assert codes == [
        ReasonCode.UNLOOKED,
        ReasonCode.NO_ROOM,
        ReasonCode.PROVIDER_UNREACHABLE,
        ReasonCode.NO_ROOM,
    ]


def test_a_retry_whose_time_has_come_waits_for_the_worker() -> None:
    facts = SITUATIONS["retrying"]().facts
    row = row_of(
        JOB, [Recorded(n, f.at, f) for n, f in enumerate(facts, 1) if f.originator_id == JOB]
    )
    assert row is not None
    assert row.not_before is not None
    late = reason_of(row, Around(provider="cluster"), now=row.not_before)
    assert late.code is ReasonCode.UNLOOKED


def test_who_goes_before_it_is_told_from_the_queue_of_the_moment() -> None:
    facts = no_room_life().facts[1:]
    row = row_of(JOB, [Recorded(n, f.at, f) for n, f in enumerate(facts, 1)])
    assert row is not None
    reason = reason_of(row, Around(provider="cluster", ahead=2, first="job_0"), now=at(9))
    assert (reason.evidence["ahead"], reason.evidence["first"]) == ("2", "job_0")


def test_a_reason_that_is_the_same_is_told_once() -> None:
    life = Life()
    assert [t.reason.code for t in told(life.facts)] == [ReasonCode.UNLOOKED]
    again = [*life.facts, *life.provider.ended_orphan(token="t", ref="r", now=at(3), by=SYSTEM)]
    assert len(told(again)) == 1
