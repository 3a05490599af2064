"""References to secrets in a task's text: ``{{secret.NAME}}`` or ``{{secrets.NAME}}``.

Not here: where the values are kept, or who may use them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from domain.errors import shorten
from domain.task_reading import Problems, join

_REFERENCE = re.compile(r"\{\{\s*secrets?\.([A-Za-z_][A-Za-z0-9_]{0,99})\s*\}\}")
_MEANT = re.compile(r"\{\{\s*secrets?\.[^{}]{0,200}\}\}")


def secret_names(text: str) -> tuple[str, ...]:
    """The names referred to, each once, in order of first use."""
    return tuple(dict.fromkeys(_REFERENCE.findall(text)))


def fill_secrets(text: str, values: Mapping[str, str]) -> str:
    """``text`` with every reference replaced; a filled-in value is never searched again.

    Raises ``KeyError`` for a name without a value: callers check names first (at submit).
    """
    return _REFERENCE.sub(lambda found: values[found[1]], text)


def all_secret_names(value: object) -> tuple[str, ...]:
    """The names referred to anywhere in nested values, each once, in order."""
    return tuple(dict.fromkeys(name for text in _texts(value) for name in secret_names(text)))


def tell_malformed(value: object, path: str, problems: Problems) -> None:
    """Add a problem for each ``{{secret…}}`` that is no reference, like ``{{secret.my-key}}``."""
    if isinstance(value, str):
        for found in _MEANT.finditer(value):
            if _REFERENCE.fullmatch(found[0]) is None:
                problems.add(
                    path,
                    f"{shorten(found[0], 60)} is not a reference to a secret.",
                    value=found[0],
                    way_out="Write {{secret.NAME}}; a name has letters, digits and _.",
                )
    elif isinstance(value, Mapping):
        for key, item in value.items():
            tell_malformed(item, join(path, str(key)), problems)
    elif isinstance(value, Sequence):
        for place, item in enumerate(value):
            tell_malformed(item, join(path, place), problems)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _texts(item)
