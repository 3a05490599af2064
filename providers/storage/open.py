"""Chooses the artifact store from its URL. The S3 client is loaded when an ``s3://`` URL asks for it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

from domain.errors import InvalidInput
from providers.storage.base import ArtifactStore
from providers.storage.local import LocalStore


def open_store(url: str) -> ArtifactStore:
    """``file:///folder`` or ``s3://bucket/prefix?endpoint=…&region=…``. Raises ``InvalidInput``."""
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return LocalStore(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        return _s3(url)
    way_out = "Use file:///folder or s3://bucket/prefix?endpoint=https://…&region=…"
    raise InvalidInput(field="artifact store", value=url, way_out=way_out)


def _s3(url: str) -> ArtifactStore:
    try:
        module = import_module("providers.storage.s3")
    except ModuleNotFoundError as error:
        way_out = f"It needs {error.name}: install labledger[s3]."
        raise InvalidInput(field="artifact store", value=url, way_out=way_out) from error
    store = module.open_s3(url)
    assert isinstance(store, ArtifactStore)  # noqa: S101  # narrows what import_module forgets
    return store
