"""What pages decide without a browser: differences, previews, addresses, costs, usage, forms, Markdown."""

from __future__ import annotations

import csv
import io
import json
import struct
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest
from msgspec.structs import replace

from application.account_reads import Member, Person
from application.commands.job_moves import MoveCost
from application.commands.jobs import LaunchCost
from application.lineage import Origin, Version
from application.log_reading import EventView
from application.quota_reading import Quota, QuotaView
from application.task_yaml import read_task
from domain.errors import InvalidInput
from domain.job_spec import JobSpec
from domain.resources import Accelerator, Resources
from projections.rows import ArtifactRow, JobRow, ProviderRow, UsageRow
from providers.base import Offer
from ui.views.attention import deeds, matters
from ui.views.completion import known_keys
from ui.views.costs import cost_line, grid, offers_line, price_line, quota_lines
from ui.views.differences import best_so_far, differences, numeric, spans_decades
from ui.views.gallery import gallery
from ui.views.jobs_address import JobsView, asked
from ui.views.lineage import (
    artifact_told,
    chosen,
    group_href,
    job_told,
    parameters_told,
)
from ui.views.lineage import sentence as lineage_sentence
from ui.views.markdown import excerpt, rendered
from ui.views.moving import asked as asked_move
from ui.views.moving import money_line, refused
from ui.views.parameter_edits import set_default
from ui.views.previews import preview, wanted_bytes
from ui.views.provider_forms import form_of, missing, settings_of
from ui.views.replay import changes, heights, place_of, rest_s, time_at
from ui.views.sentences import granting
from ui.views.text_diff import diff_html
from ui.views.usage import runs_out, stacked, usage_csv

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def job(id: str, **fields: object) -> JobRow:
    spec = {"parameters": {"rate": 0.1, "size": 8}, "run": "python train.py", "envs": {"A": "1"}}
    base = JobRow(
        id=id, team="t", experiment="e", owner="ada", provider="p", name="train", status="COMPLETE",
        spec=spec, queued_at=NOW, score={"acc": 0.5},
    )  # fmt: skip
    return replace(base, **fields)


def test_lines_that_are_alike_do_not_differ_and_missing_values_do() -> None:
    one = job("job_1")
    two = job("job_2", spec={"parameters": {"rate": 0.2}, "run": "python train.py"}, owner="bob")
    found = {
        line.name: line for line in differences([one, two], people={"ada": "Ada", "bob": "Bob"})
    }
    assert found["rate"].values == ("0.1", "0.2")
    assert found["size"].values == ("8", "")
    assert found["size"].differs
    assert not found["run"].differs
    assert found["owner"].values == ("Ada", "Bob")


def test_only_what_is_a_number_in_every_run_is_an_axis() -> None:
    rows = [job("a"), job("b", score={"acc": 0.7}), job("c", score={"acc": 0.6})]
    assert numeric(rows) == {"rate": [0.1] * 3, "size": [8.0] * 3, "acc": [0.5, 0.7, 0.6]}
    assert "acc" not in numeric([*rows, job("d", score=None)])
    assert spans_decades([1e-5, 1e-2])
    assert not spans_decades([0, 5])
    assert best_so_far([0.5, 0.7, 0.6], lower_is_better=False) == [0.5, 0.7, 0.7]
    assert best_so_far([0.5, 0.7, 0.4], lower_is_better=True) == [0.5, 0.5, 0.4]


def test_a_file_is_shown_by_its_first_bytes_and_never_as_a_page() -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"x" * 20
    assert preview("a.txt", png, size=len(png)).image.startswith("data:image/png;base64,")
    assert preview("a.png", png, size=10**9).why
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    assert preview("a.svg", svg, size=len(svg)).text == svg.decode()
    assert preview("a.json", b'{"a":1}', size=7).text == '{\n  "a": 1\n}'
    assert preview("a.json", b"{broken", size=7).text == "{broken"
    assert preview("a.csv", b"a,b\n1,2\n", size=8).rows == (("a", "b"), ("1", "2"))
    assert preview("a.bin", b"\xff\xfe\x00", size=3).why
    assert preview("a.log", b"text", size=400).note == "The first 4 of 400 bytes."
    assert preview("a.wav", b"RIFF....WAVE", size=12).sound.startswith("data:audio/wav")
    assert wanted_bytes("a.png", 10**9) == 0
    assert wanted_bytes("a.txt", 10) == 10


def test_the_header_of_tensors_is_a_table_and_a_broken_one_says_so() -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    data = struct.pack("<Q", len(header)) + header + b"\0" * 24
    assert preview("m.safetensors", data, size=len(data)).rows[1] == ("w", "F32", "2 × 3")
    assert preview("m.safetensors", b"123", size=3).why
    assert preview("m.safetensors", struct.pack("<Q", 10**12), size=8).why
    assert preview("m.safetensors", struct.pack("<Q", 2) + b"[]", size=10).why


def test_an_address_says_what_is_listed_and_nonsense_asks_for_nothing() -> None:
    view = asked({"status": "FAILED", "sort": "cost", "desc": "0", "star": "1", "after": "x"})
    assert view.where("ada").starred_by == "ada"
    assert (view.order.by, view.order.descending) == ("cost", False)
    assert "after" not in view.filters
    assert view.address.startswith("/jobs?")
    assert asked({"status": "NONSENSE", "sort": "drop table"}) == JobsView()
    assert JobsView().address == "/jobs"


YAML = """name: x
parameters:
  rate: {type: float, default: 0.1, min: 0}  # keep me
  plain: 3
  none: {type: int}
  long:
    type: string
    default: abc  # me too
run: echo
"""


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("rate", "0.5", "  rate: {type: float, default: 0.5, min: 0} # keep me"),
        ("plain", "4", "  plain: 4"),
        ("none", "7", "  none: {type: int, default: 7}"),
        ("long", "a: b", '    default: "a: b"  # me too'),
        ("long", 'say "hi"', '    default: "say \\"hi\\""  # me too'),
    ],
)
def test_a_default_is_changed_in_its_place_and_nothing_else(
    name: str, value: str, line: str
) -> None:
    changed = set_default(YAML, name, value)
    assert changed is not None
    assert line in changed.splitlines()
    before, after = YAML.splitlines(), changed.splitlines()
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_a_parameter_that_is_not_there_is_not_changed() -> None:
    assert set_default(YAML, "absent", "1") is None
    assert set_default("name: x\n", "rate", "1") is None
    assert set_default("parameters:\n  a:\n    type: int\nrun: x\n", "a", "1") is None


def _quota(left: int | None) -> Quota:
    limit = None if left is None else left * 60
    view = QuotaView(scope="s", limit=limit, held=0, charged=0)
    return Quota(team=view, own=view, weights={"*": 1.0})


def test_a_launch_above_the_quota_is_told_before_it_is_refused() -> None:
    spec = JobSpec(name="x", run="y", minutes_requested=30)
    assert quota_lines(spec, _quota(10), default_s=3600)[0].bad
    assert not quota_lines(spec, _quota(None), default_s=3600)[0].bad
    assert (
        quota_lines(spec, _quota(100), default_s=3600, jobs=2)[0].told
        == "60 minutes of 100 left are held"
    )


def test_price_and_room_are_of_offers_that_fit() -> None:
    spec = JobSpec(
        name="x",
        run="y",
        timeout_s=7200,
        resources=Resources(accelerators=Accelerator(kind="A100", count=2)),
    )
    offers = [
        Offer(name="big", accelerator="A100", accelerator_count=4, price_per_hour=8.0, available=2),
        Offer(
            name="small", accelerator="A100", accelerator_count=1, price_per_hour=1.0, available=9
        ),
    ]
    price = price_line(spec, offers)
    assert price is not None
    assert "at most $16.00" in price.told
    assert offers_line(spec, offers).told == "2 machines that fit"
    assert offers_line(spec, offers[1:]).bad
    assert price_line(spec, offers[1:]) is None
    cost = cost_line(LaunchCost(price_per_hour=1.5, held=3.0, currency="USD"), spec, jobs=2)
    assert cost is not None
    assert cost.told == "$3.00 an hour, at most $6.00; $6.00 are held"
    assert cost_line(LaunchCost(price_per_hour=0, held=0, currency="USD"), spec) is None
    assert offers_line(JobSpec(name="x", run="y"), []).told == "any machine with room"
    assert grid({"a": [1, 2], "b": [3, 4]}) == [
        {"a": 1, "b": 3}, {"a": 1, "b": 4}, {"a": 2, "b": 3}, {"a": 2, "b": 4},
    ]  # fmt: skip


def _usage(day: str, owner: str, used_s: int) -> UsageRow:
    return UsageRow(
        owner=owner, provider=None, experiment=None, day=day, jobs=1, complete=1, failed=0, stopped=0,
        used_s=used_s, cost=1.5, currency="USD",
    )  # fmt: skip


def test_days_without_use_are_zeros_and_small_users_are_others() -> None:
    rows = [_usage("2026-11-02", f"u{n}", 3600 * (10 - n)) for n in range(9)]
    names = {f"u{n}": f"Person {n}" for n in range(9)}
    found = stacked(rows, "owner", names, since=date(2026, 11, 1), until=date(2026, 11, 3))
    assert found.days == ("2026-11-01", "2026-11-02", "2026-11-03")
    assert found.series["Person 0"] == (0.0, 10.0, 0.0)
    assert found.series["others"] == (0.0, 5.0, 0.0)


def test_a_sheet_runs_nothing_of_a_name() -> None:
    text = usage_csv([_usage("2026-11-02", "u", 3600)], "owner", {"u": "=cmd|x"})
    row = list(csv.reader(io.StringIO(text)))[1]
    assert row[1] == "'=cmd|x"
    assert runs_out(100, 150, day=10, days=30) == 16
    assert runs_out(1, 1000, day=10, days=30) is None
    assert runs_out(1, None, day=10, days=30) is None


def test_a_form_asks_what_a_kind_needs() -> None:
    assert missing("slurm", {"ssh_host": "a"}) == ["Account", "Work folder"]
    assert settings_of("local", {"cpus": "4", "accelerators": ""}) == {"cpus": 4}
    assert settings_of("local", {"cpus": "2.5"}, raw='{"x": true}') == {"cpus": 2.5, "x": True}
    assert form_of("unheard-of").fields == ()
    for kind, given, raw in (
        ("local", {"cpus": "many"}, ""),
        ("local", {}, "[]"),
        ("local", {}, "{"),
    ):
        with pytest.raises(InvalidInput):
            settings_of(kind, given, raw=raw)


def test_markdown_runs_and_fetches_nothing() -> None:
    text = rendered(
        "# Title\n\n<script>alert(1)</script> <img src=x onerror=alert(1)>\n\n"
        "[x](javascript:alert(1)) ![pic](https://e.example/x.png) [ok](https://a.example)\n\n|a|\n|-|\n|1|\n"
    )
    assert "<script" not in text
    assert "<img" not in text
    assert 'href="javascript' not in text
    assert '<a href="https://e.example/x.png" rel="noreferrer noopener"' in text
    assert "<h2>Title</h2>" in text
    assert "<td>1</td>" in text
    assert excerpt("x\n" * 40).endswith("…")


def test_a_diff_names_what_came_and_went_and_escapes_it() -> None:
    found = diff_html("a\nb\n", "a\n<b>\n")
    assert '<span class="del">-b</span>' in found
    assert '<span class="add">+&lt;b&gt;</span>' in found
    assert diff_html("a", "a") == ""


def _event(name: str, by: str, position: int) -> EventView:
    return EventView(
        position=position, at=NOW, recorded_at=NOW, stream="job_1", version=1, name=name, by=by,
        who="", cause="", sentence="", data={},
    )  # fmt: skip


def test_what_needs_somebody_is_one_click_from_its_cause() -> None:
    provider = ProviderRow(
        id="prov_1", team="t", name="hpc", kind="slurm", settings={}, enabled=True, added_at=NOW,
        is_default=True, unreachable_since=NOW, unreachable_reason="no route",
    )  # fmt: skip
    low = QuotaView(scope="s", limit=6000, held=0, charged=5900)
    failed = job("job_9", status="FAILED", ended_at=NOW, reason="out of memory")
    old = job("job_8", status="FAILED", ended_at=NOW - timedelta(days=3))
    found = matters(
        failed=[failed, old], providers=[provider, replace(provider, enabled=False)],
        waiting={"prov_1": 2}, quota=(("Team", low),), now=NOW,
    )  # fmt: skip
    assert [m.href for m in found] == ["/providers/prov_1", "/quota", "/jobs/job_9/logs"]
    assert found[0].told == "2 jobs waiting for it"


def test_the_gallery_is_of_tasks_that_are_accepted() -> None:
    assert len(gallery()) == 5
    for one in gallery():
        assert read_task(one.yaml).name == one.name
    assert {one.name for one in gallery()} >= {"hello", "train-digits"}


def test_deeds_are_of_people_and_told_once_in_a_row() -> None:
    events = [
        _event("job.queued.v1", "user:ada", 5),
        _event("job.queued.v1", "user:ada", 4),
        _event("job.running.v1", "node:job_1", 3),
        _event("experiment.noted.v1", "user:bob", 2),
    ]
    found = deeds(events, {"ada": "Ada", "bob": "Bob"}, most=5)
    assert [(d.who, d.what, d.href) for d in found] == [
        ("Ada", "launched a job", "/jobs/job_1"),
        ("Bob", "wrote notes", "/jobs/job_1"),
    ]


def test_the_editor_knows_the_keys_of_each_section_and_the_values_of_a_closed_set() -> None:
    top = cast("dict[str, Any]", known_keys())
    assert "git" not in top["k"]
    assert top["k"]["resources"]["k"]["cpus"]["d"].startswith("Logical cores")
    assert top["k"]["resources"]["k"]["any_of"]["k"].keys() >= {"accelerators", "cpus"}
    assert top["k"]["resources"]["k"]["spot"]["v"] == ["true", "false", "yes", "on", "no", "off"]
    assert "min" in top["k"]["parameters"]["a"]["k"]


def test_a_replay_cuts_quiet_stretches_and_stays_readable_at_any_speed() -> None:
    seconds = [
        rest_s(NOW, NOW + timedelta(seconds=gap), speed=speed)
        for gap, speed in ((1, 1), (1, 100), (3600, 100), (50, 100), (0, 1))
    ]
    assert seconds == [1.0, 0.25, 2.0, 0.5, 0.25]


def test_the_handle_and_the_time_it_stands_at_agree() -> None:
    span = {"begin": NOW, "end": NOW + timedelta(hours=1), "steps": 1000}
    assert place_of(NOW + timedelta(minutes=15), **span) == 250
    assert time_at(250, **span) == NOW + timedelta(minutes=15)
    assert time_at(1000, **span) == span["end"]
    assert place_of(NOW - timedelta(days=1), **span) == 0
    assert place_of(NOW, begin=NOW, end=NOW, steps=1000) == 1000
    assert heights([0, 1, 200, 50]) == [0, 2, 44, 11]
    assert heights([]) == []


def test_what_an_event_changed_is_told_in_lines_without_what_stayed() -> None:
    before = {"id": "job_1", "position": 1, "status": "QUEUED", "host": None, "spec": {"a": 1}}
    after = {"id": "job_1", "position": 2, "status": "RUNNING", "host": "gpu01", "spec": {"a": 1}}
    assert changes(before, after) == [
        ("-", "status: QUEUED"),
        ("+", "status: RUNNING"),
        ("+", "host: gpu01"),
    ]
    assert changes(None, {"name": "x" * 300})[0][1] == f"name: {'x' * 160}…"
    assert changes({f"k{n}": n for n in range(20)}, None)[-1] == (" ", "and 6 more")


def test_what_moving_jobs_does_is_told_before() -> None:
    dearer = MoveCost(held=2, held_there=4.5, currency="USD")
    same = MoveCost(held=1, held_there=1, currency="USD")
    free = MoveCost(held=0, held_there=0, currency="USD")
    assert asked_move(["train"]) == "Move train?"
    assert asked_move(["a", "b"]) == "Move 2 queued jobs?"
    assert money_line([dearer, same]) == ("$5.50 of the month's budget are held instead of $3.00.")
    assert money_line([same]) == "$1.00 of the month's budget stay held."
    assert money_line([free]) == "No money is held, here or there."
    assert refused(["a", "b"], [same, free]) == ""
    assert refused(["a"], ["It has no A100."]) == "It has no A100."
    assert refused(["a", "b"], [same, "It has no A100."]) == (
        "1 of 2 cannot go there. b: It has no A100."
    )


def test_a_step_of_a_lineage_is_told_with_what_is_known() -> None:
    row = ArtifactRow(
        id="art_1", team="t", experiment="e", job="job_1", attempt=1, kind="checkpoint", name="a b",
        size=8_200, files=[{}], metadata={}, saved_at=NOW, step=6_000,
    )  # fmt: skip
    assert artifact_told(row) == "checkpoint, step 6,000, 1 file, 8.2 kB"
    assert artifact_told(replace(row, kind="model", step=-1)) == "model, 1 file, 8.2 kB"
    assert group_href("model", "a b", 2) == "/artifacts/model?name=a+b&version=2"
    spec = {"git": {"commit": "0123456789abcdef"}, "parameters": {f"p{n}": n for n in range(8)}}
    by = job("job_1", spec=spec, task_revision=3)
    assert job_told(by) == "revision 3, commit 0123456789, acc 0.5"
    assert job_told(job("job_2", score=None, spec={})) == ""
    assert parameters_told(by) == "p0=0, p1=1, p2=2, p3=3, p4=4, p5=5 and 2 more"
    found = [Version(number=n, row=row) for n in (3, 1)]
    assert chosen(found, "1").number == 1
    assert chosen(found, "2").number == 3
    origin = Origin(version=found[0], job=by)
    assert lineage_sentence(origin, last=False) == "It began from the checkpoint below."
    assert "nothing it was resumed from" in lineage_sentence(origin, last=True)
    copy = Origin(version=found[0], job=replace(by, cloned_from="job_0"))
    assert "copy of another job" in lineage_sentence(copy, last=True)


def test_a_refusal_names_those_who_can_give_a_role_that_may() -> None:
    def member(name: str, role: str) -> Member:
        person = Person(id=name, email=f"{name}@lab.example", name=name)
        return Member(person=person, role=role, since=NOW)

    some = [member("bob", "member"), member("eve", "admin"), member("ada", "owner")]
    assert granting(some) == "ada (owner) or eve (admin) can give you one that may."
    assert granting(some[:1]) == ""
