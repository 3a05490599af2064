"""A task's folder that came as one archive: its task.yaml, and its files kept for the team.

Not here: unpacking (``application/archives.py``), and saving the task
(``application/commands/tasks.py``), which asks for the permission of its experiment.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec

from application.actor import Actor
from application.archives import unpack_archive
from application.lab import Lab
from application.permissions import Action, require_somewhere
from application.task_files import snapshot_folder
from domain.errors import InvalidInput
from domain.job_spec import FrozenFile

FILE = "task.yaml"
LARGEST_TASK = 256 * 1024
_LEFT_BEHIND = "__MACOSX"  # what a Mac puts beside the folder it packs


class TaskArchive(msgspec.Struct, frozen=True, kw_only=True):
    """``files`` are those beside ``yaml``, which is not one of them; the team may name them now."""

    yaml: str
    files: tuple[FrozenFile, ...]


def take_archive(lab: Lab, actor: Actor, data: bytes) -> TaskArchive:
    """Keep what is in the archive ``data``; again gives the same. Saves no task.

    task.yaml is at its top, or at the top of the one folder it holds. ``InvalidInput`` and what
    ``unpack_archive`` raises; nothing is kept of an archive that is refused.
    """
    require_somewhere(actor, Action.WRITE_TASKS)
    with tempfile.TemporaryDirectory(prefix="lab-archive-") as place:
        unpack_archive(data, Path(place))
        top = _top(Path(place))
        yaml = _task(top)
        found = [(file, where) for file, where in snapshot_folder(top) if file.path != FILE]
        for file, where in found:
            lab.blobs.put(where.read_bytes())
            lab.holdings.hold(actor.team, file.sha256)
    return TaskArchive(yaml=yaml, files=tuple(file for file, _ in found))


def _top(folder: Path) -> Path:
    inner = [path for path in folder.iterdir() if path.name != _LEFT_BEHIND]
    return inner[0] if len(inner) == 1 and inner[0].is_dir() else folder


def _task(top: Path) -> str:
    path = top / FILE
    if not path.is_file():
        way_out = "Put it at the top of the archive, beside the files it needs."
        raise InvalidInput(field="archive", value=f"without {FILE}", way_out=way_out)
    text = path.read_bytes()
    if len(text) > LARGEST_TASK:
        way_out = f"At most {LARGEST_TASK:,} bytes are read."
        raise InvalidInput(field="archive", value=FILE, way_out=way_out)
    return text.decode("utf-8", "replace")
