"""What was refused to whom, for somebody who looks for an attack: one logger, one form, no input.

A boundary that hides its refusal behind an answer of another kind marks it on the request's scope.
Not here: who asks (each boundary finds out), and rate limits.
"""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any  # an ASGI scope

MARK = "labledger.refused"
NOBODY = "nobody"
_log = logging.getLogger("labledger.security")


def note(code: str, *, by: str, asked: str, client: str) -> None:
    """``by`` as events name actors, empty for nobody; ``asked`` a field or a path, without values."""
    _log.warning("%s: %s asked for %s from %s", code, by or NOBODY, asked, client)


def mark(scope: MutableMapping[str, Any], code: str) -> None:
    """This request is refused, whatever its answer looks like."""
    scope[MARK] = code
