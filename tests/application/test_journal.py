"""Reading a node's journal: whole lines, strictly, and the end of a job alone."""

from __future__ import annotations

import json

from application.journal import Line, PhaseChange, read_journal


def journal(*records: object) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


SAID = {"k": "log", "t": 1.0, "n": 1, "p": "run", "s": "out", "m": "hi"}
ENDED = {"k": "phase", "t": 2.0, "phase": "ended", "exit_code": 0, "in": "run"}


def test_a_partial_last_line_is_left_for_the_next_call() -> None:
    whole = journal(SAID)
    records, length = read_journal(whole + b'{"k":"log"')
    assert [type(r) for r in records] == [Line]
    assert length == len(whole)


def test_the_end_of_a_job_is_read_alone() -> None:
    before, end = journal(SAID), journal(ENDED)
    records, length = read_journal(before + end)
    assert ([type(r) for r in records], length) == ([Line], len(before))
    records, length = read_journal(end)
    assert ([type(r) for r in records], length) == ([PhaseChange], len(end))


def test_a_line_nobody_understands_costs_only_itself() -> None:
    body = b"\xff\n{}\n" + journal({"k": "of a newer wrapper"}, SAID)
    records, length = read_journal(body)
    assert ([type(r) for r in records], length) == ([Line], len(body))


def test_points_of_unequal_length_are_refused() -> None:
    records, _ = read_journal(journal({"k": "m", "name": "x", "s": "AA==", "v": "", "t": ""}))
    assert records == []
