"""Once per key: a mutation sent again with its idempotency key answers with what the first made.

The key is a unique guard in the same append as the facts, so there is no moment in which one
exists without the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from application.actor import Actor
from application.lab import Lab
from application.log import UniqueTaken
from domain.errors import IdempotencyKeyReused
from domain.model import Guard, GuardKind


def fingerprint(request: object) -> str:
    """Twelve hex digits that tell two requests apart."""
    return hashlib.sha256(msgspec.json.encode(request, order="sorted")).hexdigest()[:12]


def once(
    actor: Actor,
    key: str,
    request: object,
    *,
    made: str,
    record: Callable[[tuple[Guard, ...]], str],
) -> str:
    """The id that ``record`` makes, or that an earlier call with ``key`` made.

    ``record`` appends with the guards it is handed. Without a key it is simply called.
    Raises ``IdempotencyKeyReused`` when the earlier request was another one.
    """
    if not key:
        return record(())
    scope = _scope(actor, key)
    print_ = fingerprint(request)
    try:
        return record((Guard(GuardKind.UNIQUE, scope, 1, ref=f"{made}|{print_}"),))
    except UniqueTaken as taken:
        if taken.scope != scope:
            raise
        earlier, _, seen = taken.ref.partition("|")
        if seen != print_:
            raise IdempotencyKeyReused(key=key) from None
        return earlier


def once_at(
    lab: Lab,
    actor: Actor,
    key: str,
    request: object,
    *,
    record: Callable[[tuple[Guard, ...]], int],
) -> int:
    """The same for a command that makes nothing with an id: the position after it, or now."""
    positions: list[int] = []

    def keep(guards: tuple[Guard, ...]) -> str:
        positions.append(record(guards))
        return ""

    made = lab.ids.new(
        "cmd"
    )  # tells a repeat from the first: the same holder may take a name twice
    once(actor, key, request, made=made, record=keep)
    return positions[0] if positions else lab.log.head()


def was_asked(lab: Lab, actor: Actor, key: str) -> bool:
    """Whether a command of this actor with ``key`` is recorded: its effects outside must not be repeated."""
    return bool(key) and lab.log.guard(GuardKind.UNIQUE, _scope(actor, key)) is not None


def _scope(actor: Actor, key: str) -> str:
    return f"command:{actor.by}:{key}"
