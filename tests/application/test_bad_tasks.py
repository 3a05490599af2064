"""Every bad task file is refused with exactly the message we chose for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.write_tasks import TASKS, refusal

BAD = sorted((TASKS / "bad").glob("*.yaml"))


@pytest.mark.parametrize("path", BAD, ids=lambda p: p.stem)
def test_a_bad_task_is_refused_with_its_message(path: Path) -> None:
    assert refusal(path) == path.with_suffix(".txt").read_text()


def test_no_bad_task_is_accepted_and_every_rule_has_one() -> None:
    assert len(BAD) >= 60
    assert [p.name for p in BAD if "ACCEPTED" in p.with_suffix(".txt").read_text()] == []
