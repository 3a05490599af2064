"""Secrets out of text: as they are, in base64 at any alignment, URL-encoded and JSON-escaped."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping

from lab.journal import Json

GIVEN = "LAB_SECRET_"
MASK = "***"
SHORTEST = 4
_SHORTEST_BASE64 = 8
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Redactor:
    """Secrets shorter than four characters are left: masking them would eat ordinary words."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms: set[str] = set()
        for secret in secrets:
            for part in {secret, *secret.splitlines()}:
                if len(part.strip()) >= SHORTEST:
                    forms |= _forms(part.strip())
        ordered = sorted(forms, key=len, reverse=True)
        self.longest = len(ordered[0]) if ordered else 0
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, text: str) -> str:
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def every(self, value: Json) -> Json:
        """The same in every text of a value, keys too."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, list):
            return [self.every(one) for one in value]
        if isinstance(value, dict):
            return {self(key): self.every(one) for key, one in value.items()}
        return value


def of_environment(environ: Mapping[str, str]) -> Redactor:
    """For the secrets that a job was given by its environment."""
    return Redactor(value for name, value in environ.items() if name.startswith(GIVEN))


def _forms(secret: str) -> set[str]:
    raw = secret.encode()
    quoted = "".join(chr(b) if b in _UNRESERVED else f"%{b:02X}" for b in raw)
    forms = {secret, quoted, quoted.replace("%20", "+"), quoted.replace("%2F", "/")}
    forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    if len(raw) >= _SHORTEST_BASE64:
        for offset in range(3):
            # Characters that also encode neighbouring bytes are left out: they depend on them.
            head, tail = (0, 2, 3)[offset], -len(raw[(3 - offset) % 3 :]) % 3
            text = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
            core = text[head : len(text) - (1 if tail else 0)]
            forms |= {core, core.translate(str.maketrans("+/", "-_"))}
    return forms
