"""Puts the task's files and the checkpoint in place, each verified by its hash."""

from __future__ import annotations

import hashlib
import importlib
import shutil
import time
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lab.node.asking import Unreachable
from lab.node.bundle import Bundle, BundleFile, PlacementError

if TYPE_CHECKING:
    from lab.node.transport import Connection

TRIES = 8
CHECKOUT = """\
export GIT_TERMINAL_PROMPT=0
git init -q .
git remote add origin "$1"
git fetch -q --depth 1 origin "$2" || git fetch -q origin
git -c advice.detachedHead=false checkout -q --force --detach "$2"
"""


def checkout_argv(url: str, commit: str) -> list[str]:
    """A command that makes the folder it runs in a checkout of exactly this commit."""
    return ["bash", "-e", "-o", "pipefail", "-c", CHECKOUT, "checkout", url, commit]


def user_folder(work: Path, bundle: Bundle) -> Path:
    """Where the commands run: ``directory`` of the checkout, else ``work`` itself."""
    return _inside(work, bundle.git.directory) if bundle.git and bundle.git.directory else work


def place_files(files: tuple[BundleFile, ...], folder: Path, *, bundle: Bundle) -> None:
    """Copy from the provider's folder of blobs, or download. Raises PlacementError."""
    for file in files:
        target = _inside(folder, file.path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _fetch(file, target, bundle=bundle)
            if file.executable:
                target.chmod(0o755)
        except OSError as error:
            raise PlacementError(f"{file.path}: {error.strerror or error}") from error


def _inside(folder: Path, path: str) -> Path:
    parts = PurePosixPath(path)
    if not path or parts.is_absolute() or ".." in parts.parts or "\0" in path:
        raise PlacementError(f"{path!r} is not a path inside the working directory")
    return folder.joinpath(*parts.parts)


def _fetch(file: BundleFile, target: Path, *, bundle: Bundle) -> None:
    local = Path(bundle.blobs) / file.sha256 if bundle.blobs else None
    if local is not None and local.is_file():
        shutil.copyfile(local, target)
    elif bundle.server_url:
        _download(file, target, bundle=bundle)
    else:
        raise PlacementError(f"{file.path}: its bytes {file.sha256} are not in {bundle.blobs!r}")
    with target.open("rb") as placed:
        if hashlib.file_digest(placed, "sha256").hexdigest() != file.sha256:
            raise PlacementError(f"{file.path}: the bytes do not have the hash {file.sha256}")


def _download(file: BundleFile, target: Path, *, bundle: Bundle) -> None:
    # Imported when needed: most jobs start without a download and http.client costs 30 ms.
    transport = importlib.import_module("lab.node.transport")
    connection: Connection = transport.Connection(bundle.server_url, bundle.job_token)
    target.unlink(missing_ok=True)
    for attempt in range(TRIES):
        have = target.stat().st_size if target.exists() else 0
        try:
            response = connection.get_stream(f"/node/v1/blobs/{file.sha256}", offset=have)
            with target.open("ab" if response.status == 206 else "wb") as writer:
                shutil.copyfileobj(response, writer, 1024 * 1024)
        except (Unreachable, OSError) as error:
            if attempt == TRIES - 1:
                raise PlacementError(f"{file.path}: could not be downloaded: {error}") from error
            time.sleep(min(15.0, 0.2 * 2**attempt))
            continue
        if target.stat().st_size >= file.size:
            break
    connection.close()
