"""One question to slurmrestd, with the standard library: the scripts start us for every Slurm command.

https://slurm.schedmd.com/rest.html, https://slurm.schedmd.com/rest_api.html. Not here: what rows
are made of an answer.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import NamedTuple

TIMEOUT_S = 30.0
AWAY = "Unable to contact slurm controller (slurmrestd at {url}: {why})"
"""In words that the scripts take for *nothing is known*, as Slurm's own commands say it."""

Json = dict[str, object]


class Refused(Exception):
    """Slurm answered no, in its own words."""


class Unreachable(Exception):
    """No answer, or none that means anything."""


class Api(NamedTuple):
    """``version`` is the API's, as v0.0.38; ``token`` a JSON web token for ``user``."""

    url: str
    version: str
    user: str
    token: str

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Json:
        """The answer. ``Refused`` names Slurm's errors, ``Unreachable`` means nothing is known."""
        request = urllib.request.Request(  # noqa: S310  # the scheme was checked with the settings
            f"{self.url.rstrip('/')}/slurm/{self.version}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "X-SLURM-USER-NAME": self.user,
                "X-SLURM-USER-TOKEN": self.token,
            },
        )
        return _checked(self._answer(request), self.url)

    def _answer(self, request: urllib.request.Request) -> str:
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310  # as above
                return str(answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as error:  # Slurm's no comes as 500, with its words
            said = error.read().decode(errors="replace")
            if error.code in (401, 403) or "uthentication" in said:
                raise Unreachable(
                    AWAY.format(url=self.url, why="the token is not valid")
                ) from error
            if '"errors"' in said:
                return said
            why = f"HTTP {error.code} {said[:200]}"
            raise Unreachable(AWAY.format(url=self.url, why=why)) from error
        except (OSError, ValueError) as error:
            raise Unreachable(AWAY.format(url=self.url, why=error)) from error


def _checked(said: str, url: str) -> Json:
    try:
        answer = json.loads(said)
    except ValueError as error:
        raise Unreachable(AWAY.format(url=url, why=f"not JSON: {said[:200]}")) from error
    errors = answer.get("errors") or []
    if errors:
        words = "; ".join(_words(error) for error in errors)
        if "is unable to load" in words:  # what it says of its own connection to the controller
            raise Unreachable(AWAY.format(url=url, why=words))
        raise Refused(words)
    return dict(answer)


def _words(error: Mapping[str, object]) -> str:
    what = str(error.get("error") or error.get("error_number") or "")
    more = str(error.get("description") or "")
    return more if what in more else f"{what}: {more}" if more and what else what or more
