"""Names people type, to ids: the unique guards are the one synchronous answer to *who has this name*."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from application.lab import Lab
from application.log import GuardKey, UniqueTaken
from domain.errors import AlreadyExists, InvalidInput, NotFound
from domain.model import Guard, GuardKind

NAME_LIMIT = 100


def holder(lab: Lab, scope: str) -> str:
    """The id that holds a unique scope, or an empty string."""
    guard = lab.log.guard(GuardKind.UNIQUE, scope)
    return guard.ref if guard and guard.amount else ""


@contextmanager
def claiming(guard: Guard, *, kind: str, name: str) -> Iterator[None]:
    """An append in the block that is refused ``guard`` raises ``AlreadyExists``, which names the thing."""
    try:
        yield
    except UniqueTaken as taken:
        if taken.scope != guard.scope:
            raise
        raise AlreadyExists(kind=kind, name=name, holder=taken.ref) from None


def keys_of(team: str, *, experiments: Iterable[str], providers: Iterable[str]) -> set[GuardKey]:
    """The guards that these names are looked up by, to be looked up together."""
    scopes = {_experiment(team, name) for name in experiments}
    scopes |= {_provider(team, name) for name in providers}
    return {(GuardKind.UNIQUE, scope) for scope in scopes}


def user_id(lab: Lab, address_or_id: str) -> str:
    """The id behind an address; anything else is taken for an id."""
    return holder(lab, f"email:{lab.vault.digest(address_or_id.strip())}") or address_or_id


def experiment_id(lab: Lab, team: str, name_or_id: str) -> str:
    return _id(lab, _experiment(team, name_or_id), "exp_", "experiment", name_or_id)


def provider_id(lab: Lab, team: str, name_or_id: str) -> str:
    """The provider of that name (any case), or the team's default for an empty name."""
    scope = _provider(team, name_or_id)
    if not name_or_id:
        return holder(lab, scope) or _missing_default()
    return _id(lab, scope, "prov_", "provider", name_or_id)


def task_id(lab: Lab, experiment: str, name_or_id: str) -> str:
    return _id(lab, f"task:{experiment}:{name_or_id}", "task_", "task", name_or_id)


def clean_name(field: str, value: str) -> str:
    """``value`` trimmed; refused when empty, too long, or not printable on one line."""
    name = unicodedata.normalize("NFC", value).strip()
    if not name or len(name) > NAME_LIMIT:
        way_out = f"Give 1 to {NAME_LIMIT} characters."
        raise InvalidInput(field=field, value=value, way_out=way_out)
    if not all(c.isprintable() for c in name):
        way_out = "Use printable characters on one line."
        raise InvalidInput(field=field, value=value, way_out=way_out)
    return name


def _experiment(team: str, name: str) -> str:
    return f"experiment:{team}:{name}"


def _provider(team: str, name: str) -> str:
    return f"provider:{team}:{name.lower()}" if name else f"provider_default:{team}"


def _id(lab: Lab, scope: str, prefix: str, kind: str, name_or_id: str) -> str:
    found = holder(lab, scope)
    if found:
        return found
    if name_or_id.startswith(prefix):
        return name_or_id
    raise NotFound(kind=kind, id=name_or_id)


def _missing_default() -> str:
    raise InvalidInput(
        field="provider",
        value="",
        way_out="The team has no default compute provider: name one, or add one with `lab provider add`.",
    )
