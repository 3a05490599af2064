"""Text with units means what people mean by it."""

from __future__ import annotations

import pytest

from domain.units import cores, gib, seconds


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (30, 30.0),
        ("90", 90.0),
        ("90s", 90.0),
        ("2h30m", 9000.0),
        ("2h 30m", 9000.0),
        ("1.5 hours", 5400.0),
        ("1d", 86400.0),
        ("500ms", 0.5),
        ("1:30", None),
        ("5 fortnights", None),
        (True, None),
        ("", None),
        (float("nan"), None),
    ],
)
def test_a_duration_is_read_in_seconds(written: object, value: float | None) -> None:
    assert seconds(written) == value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (16, (16.0, False)),
        ("16GB", (16.0, False)),
        ("16Gi", (16.0, False)),
        ("16000MB", (15.625, False)),
        ("1TiB", (1024.0, False)),
        ("4+", (4.0, True)),
        ("64gb+", (64.0, True)),
        ("16 X", None),
        ("-1", None),
        ([1], None),
    ],
)
def test_a_size_is_read_in_gib(written: object, value: tuple[float, bool] | None) -> None:
    assert gib(written) == value


@pytest.mark.parametrize(
    ("written", "value"),
    [(4, (4.0, False)), ("4+", (4.0, True)), ("0.5", (0.5, False)), ("all", None)],
)
def test_cores_are_read_as_a_number(written: object, value: tuple[float, bool] | None) -> None:
    assert cores(written) == value
