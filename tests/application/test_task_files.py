"""A folder becomes hashes, and nothing leads outside."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from application.task_files import ignored, snapshot_folder
from domain.errors import InvalidInput


def names(folder: Path) -> list[str]:
    return [frozen.path for frozen, _ in snapshot_folder(folder)]


def test_a_file_is_frozen_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_bytes(b"echo")
    (tmp_path / "run.sh").chmod(0o755)
    ((frozen, path),) = snapshot_folder(tmp_path)
    assert (frozen.sha256, frozen.size) == (hashlib.sha256(b"echo").hexdigest(), 4)
    assert frozen.executable
    assert path == tmp_path / "run.sh"


def test_ignored_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("a.py", "a.ckpt", "keep.ckpt", "data/x", ".git/config", "a.pyc"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".labignore").write_text("# big\n*.ckpt\n!keep.ckpt\ndata/\n")
    assert names(tmp_path) == [".labignore", "a.py", "keep.ckpt"]


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside"])
def test_a_link_that_leads_outside_is_refused(tmp_path: Path, target: str) -> None:
    folder = tmp_path / "task"
    folder.mkdir()
    (tmp_path / "outside").write_text("secret")
    (folder / "link").symlink_to(target)
    with pytest.raises(InvalidInput, match="link"):
        names(folder)


def test_a_link_inside_is_the_file_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").symlink_to("a")
    assert names(tmp_path) == ["a", "b"]


def test_a_folder_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 11)
    with pytest.raises(InvalidInput, match="labignore"):
        list(snapshot_folder(tmp_path, most_bytes=10))
    (tmp_path / "b").write_text("")
    with pytest.raises(InvalidInput, match="labignore"):
        list(snapshot_folder(tmp_path, most_files=1))


def test_the_last_pattern_that_matches_wins() -> None:
    patterns = ("*.log", "!keep.log", "src/tmp/")
    assert ignored("a/b.log", patterns, is_folder=False)
    assert not ignored("a/keep.log", patterns, is_folder=False)
    assert ignored("src/tmp", patterns, is_folder=True)
    assert not ignored("src/tmp", patterns, is_folder=False)
