"""What import-linter and ruff cannot see: purity by allow-list, sizes, folders, the wheel's contents."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "domain",
    "application",
    "projections",
    "providers",
    "graphql_api",
    "ui",
    "server",
    "lab",
)
PURE = frozenset(
    {
        "__future__",
        "base64",
        "collections",
        "dataclasses",
        "datetime",
        "difflib",
        "enum",
        "functools",
    }
    | {"hashlib", "itertools", "math", "re", "types", "typing", "msgspec", "domain", "string"}
    | {"struct", "textwrap", "unicodedata", "urllib", "operator", "decimal", "posixpath"}
)
CLOCKS_AND_DICE = frozenset({"now", "utcnow", "today", "random", "uuid4", "urandom", "monotonic"})
MODULE_LINES = 400
FUNCTION_LINES = 40


def _sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", list(_sources("domain")), ids=lambda p: p.stem)
def test_the_domain_imports_only_what_is_pure(path: Path) -> None:
    imported = {name.partition(".")[0] for name in _imports(ast.parse(path.read_text()))}
    assert imported <= PURE


@pytest.mark.parametrize("path", list(_sources("domain")), ids=lambda p: p.stem)
def test_the_domain_has_no_clock_and_no_dice(path: Path) -> None:
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    }
    assert not called & CLOCKS_AND_DICE


def test_no_module_is_longer_than_its_budget() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in _sources(*PACKAGES, "benchmarks")
        if (lines := len(path.read_text().splitlines())) > MODULE_LINES
    }
    assert long == {}


def test_no_function_is_longer_than_its_budget() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.name}": node.end_lineno - node.lineno + 1
        for path in _sources(*PACKAGES, "benchmarks")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }
    assert long == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in _sources(*PACKAGES)
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert [str(f) for f in sorted(folders) if not (f / "__init__.py").exists()] == []


def test_the_contracts_name_every_package() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert set(config["importlinter"]["root_packages"]) == found == set(PACKAGES)


def test_the_wheel_holds_the_sdk_alone(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"lab"}


def test_importing_the_sdk_brings_in_the_standard_library_alone() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import lab; "
        "print(*sorted({n.partition('.')[0] for n in sys.modules} - set(sys.stdlib_module_names)))"
    )
    argv = [sys.executable, "-I", "-S", "-c", script, str(ROOT)]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert set(done.stdout.split()) <= {"lab", "__main__"}


def test_nothing_tracked_names_this_machine() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    told = [
        name
        for name in tracked.stdout.splitlines()
        if (ROOT / name).suffix in {".py", ".md", ".toml", ".yml", ".yaml", ".sql", ".css", ".js"}
        and "/wo" + "rk/" in (ROOT / name).read_text(errors="replace")
    ]
    assert told == []
