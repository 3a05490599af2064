"""What a job saved: listing and download. Nothing is written outside of the chosen folder."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import quote

from lab.cli import naming
from lab.cli.failures import CliError
from lab.cli.frame import Session
from lab.cli.tables import table


def artifacts(session: Session) -> int:
    rows = _artifacts(session)
    columns = {"name": "NAME", "kind": "KIND", "size": "BYTES", "step": "STEP", "id": "ID"}
    return session.show(rows, lambda: table(rows, columns))


def download(session: Session) -> int:
    """Each artifact in a folder of its name; a file replaces an older one when it is whole."""
    given = session.arguments
    rows = _artifacts(session)
    if given.artifact:
        rows = [naming.one(rows, given.artifact, "artifact")]
    written: list[str] = []
    for row in rows:
        for file in row["files"]:
            target = inside(Path(given.into), row["name"], file["path"])
            _fetch(session, f"/api/artifacts/{quote(row['id'])}/{quote(file['path'])}", target)
            written.append(str(target))
    return session.show(written, lambda: "\n".join(written) or "There is nothing to download.")


def inside(root: Path, *parts: str) -> Path:
    """``root/parts``. ``CliError`` when a part would lead outside of ``root``."""
    pure = PurePosixPath(*parts)
    unsafe = pure.is_absolute() or ".." in pure.parts or any("\\" in p for p in parts)
    target = root.joinpath(*pure.parts)
    if unsafe or not target.resolve().is_relative_to(root.resolve()):
        raise CliError(f"{pure} would be written outside of {root}; it is left out.")
    return target


def _fetch(session: Session, path: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.part")
    try:
        with fresh.open("wb") as out:
            session.client.download(path, out)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _artifacts(session: Session) -> list[naming.Row]:
    job = naming.job(session.client, session.arguments.job)
    rows: list[naming.Row] = session.client.ask("job_artifacts", id=job)["job"]["artifacts"]
    return rows
