"""Every event that ever shipped can be read, and reads as it was written."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from domain.codec import UPCASTERS, decode, encode, topic
from domain.events import ALL
from domain.model import Event
from tests.fakes.toy_events import TOYS
from tests.golden.write import EVENTS, write_missing

FILES = sorted(EVENTS.glob("*.json"))


@pytest.mark.parametrize("cls", [pytest.param(cls, id=topic(cls)) for cls in ALL])
def test_every_event_class_has_a_golden_file_that_reads_back_the_same(cls: type[Event]) -> None:
    path = EVENTS / f"{topic(cls)}.json"
    assert path.exists(), "run `python -m tests.golden.write` and commit the file"
    event = decode(topic(cls), path.read_bytes())
    assert type(event) is cls
    name, data = encode(event)
    assert (name, msgspec.json.decode(data)) == (topic(cls), msgspec.json.decode(path.read_bytes()))


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in FILES])
def test_every_golden_file_decodes_upcast_if_its_name_is_retired(path: Path) -> None:
    assert isinstance(decode(path.stem, path.read_bytes()), Event)


def test_every_retired_name_has_a_golden_file() -> None:
    assert set(UPCASTERS) <= {path.stem for path in FILES}


def test_missing_files_are_written_and_none_is_overwritten(tmp_path: Path) -> None:
    classes = list(TOYS.types.values())
    (tmp_path / "parcel.lost.v1.json").write_text("kept")
    assert write_missing(classes, tmp_path) == ["parcel.sent.v1", "parcel.arrived.v1"]
    assert write_missing(classes, tmp_path) == []
    assert (tmp_path / "parcel.lost.v1.json").read_text() == "kept"
    data = (tmp_path / "parcel.arrived.v1.json").read_bytes()
    assert b'"note":"note sample"' in data
    assert isinstance(TOYS.decode("parcel.arrived.v1", data), Event)
