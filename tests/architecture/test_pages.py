"""What holds of every page and style sheet: colours are tokens that can be read, and no shortcut is taken."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from domain.job_events import JobStatus
from ui.theme.status import STATUS

ROOT = Path(__file__).resolve().parents[2]
UI = ROOT / "ui"
THEME = UI / "theme"
SHEETS = sorted(THEME.glob("*.css"))
SOURCES = sorted(UI.rglob("*.py"))
LITERAL = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|rgba|hsl|hsla)\(\s*[\d.]")
QUASARS = frozenset(
    {"xs", "sm", "md", "lg", "xl", "row", "col", "column", "flex", "absolute", "relative"}
)
READABLE, SEEN = 4.5, 3.0


def _tokens(theme: str) -> dict[str, str]:
    """The hexadecimal tokens of a theme; what is of both stands in the light one."""
    text = (THEME / "tokens.css").read_text()
    blocks = re.findall(r"(:root[^{]*|\[data-theme=\"dark\"\])\s*\{([^}]*)\}", text)
    found: dict[str, str] = {}
    for selector, body in blocks:
        if "dark" in selector and theme != "dark":
            continue
        found |= dict(re.findall(r"--([\w-]+):\s*(#[0-9a-fA-F]{6});", body))
    return found


def _luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_statuses_can_be_read(theme: str) -> None:
    tokens = _tokens(theme)
    pairs = [
        (text, ground) for text in ("text", "text-2", "text-3") for ground in ("surface", "canvas")
    ]
    pairs += [(f"st-{s.lower()}", f"st-{s.lower()}-bg") for s in STATUS]
    pairs += [
        ("accent", "accent-soft"),
        ("text-inv", "ink"),
        ("log-text", "log-bg"),
        ("log-dim", "log-bg"),
    ]
    dim = {pair: _contrast(tokens[pair[0]], tokens[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in dim.items() if ratio < READABLE} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_curves_and_fields_can_be_seen(theme: str) -> None:
    tokens = _tokens(theme)
    names = [*(f"d{n}" for n in range(1, 9)), "border-input", "focus"]
    dim = {name: _contrast(tokens[name], tokens["surface"]) for name in names}
    assert {name: ratio for name, ratio in dim.items() if ratio < SEEN} == {}


def test_colours_are_written_in_one_file() -> None:
    sheets = {p.name: LITERAL.findall(p.read_text()) for p in SHEETS if p.name != "tokens.css"}
    allowed_by_name = {"components.css": ["hsl(", "hsl("]}  # hues of names, by a variable
    assert {n: f for n, f in sheets.items() if f and n not in allowed_by_name} == {}
    wrong = {p.name for p in SOURCES if re.search(r"[\"':]\s*#[0-9a-fA-F]{6}\b", p.read_text())}
    assert wrong == set()


def test_every_variable_that_is_used_exists() -> None:
    every = "".join(p.read_text() for p in SHEETS)
    defined = set(re.findall(r"(--[\w-]+)\s*:", every)) | {
        "--h",
        "--c",
        "--bg",
        "--w",
        "--x",
        "--k",
        "--aside",
    }
    used = set(re.findall(r"var\((--[\w-]+)", every + "".join(p.read_text() for p in SOURCES)))
    assert {name for name in used - defined if name not in ("--d", "--st-")} == set()


def test_no_class_is_named_as_one_of_quasars() -> None:
    named = {
        word
        for path in SHEETS
        for selector in re.findall(r"^([^{}@]+)\{", path.read_text(), re.M)
        for word in re.findall(r"\.([a-zA-Z][\w-]*)", selector)
    }
    assert named & QUASARS == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(UI)))
def test_a_page_takes_no_shortcut(path: Path) -> None:
    text = path.read_text()
    for word in (
        "ui.timer(",
        "ui.notify(",
        "app.storage",
        "asyncio.create_task(",
        "storage_secret=",
    ):
        assert word not in text, word
    if path.parent.name != "components":
        assert "sanitize=False" not in text
        assert "._props" not in text


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(UI)))
def test_builders_of_pages_have_their_annotations_at_hand(path: Path) -> None:
    """NiceGUI compares ``PageArguments`` by identity: postponed, it would not be handed over."""
    text = path.read_text()
    if "PageArguments" in text:
        assert "from __future__ import annotations" not in text


def test_every_status_has_a_word_and_a_glyph() -> None:
    assert set(JobStatus) <= set(STATUS)
    assert all(word and glyph for word, glyph in STATUS.values())


def test_what_is_decided_for_pages_needs_no_browser() -> None:
    for path in [*(UI / "views").glob("*.py"), UI / "text.py"]:
        imported = {
            alias.name.partition(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import)
            for alias in node.names
        } | {
            (node.module or "").partition(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom)
        }
        assert "nicegui" not in imported, path
