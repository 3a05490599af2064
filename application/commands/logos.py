"""A team's picture: small, of a type that is only ever a picture, kept as a blob beside the others."""

from __future__ import annotations

from application.actor import Actor
from application.commands.idempotency import once_at
from application.lab import Lab
from application.permissions import Action, require
from domain.errors import InvalidInput
from domain.images import Image, image_of
from domain.model import Guard
from domain.teams import Team, TeamEvent, fold

LARGEST_BYTES = 128 * 1024
LARGEST_SIDE = 1024


def set_team_logo(lab: Lab, actor: Actor, *, sha256: str, key: str = "") -> int:
    """Show the uploaded bytes as the team's picture; the same again records nothing.

    ``InvalidInput`` for bytes that were not uploaded, are no PNG or JPEG, or are too large.
    """
    require(actor, Action.MANAGE_MEMBERS)
    if lab.holdings.missing(actor.team, [sha256]):
        _refuse(sha256, "Upload its bytes first; `lab team logo` does.")
    image = _checked(lab, sha256)

    def decide(team: Team) -> list[TeamEvent]:
        now = lab.clock.now()
        return team.set_logo(sha256, image.media_type, now=now, by=actor.by)

    def record(guards: tuple[Guard, ...]) -> int:
        return lab.change(actor.team, fold, decide, actor=actor, guards=guards).position

    return once_at(lab, actor, key, ("set_team_logo", actor.team, sha256), record=record)


def remove_team_logo(lab: Lab, actor: Actor) -> int:
    """Show its letters again; repeatable."""
    require(actor, Action.MANAGE_MEMBERS)
    return lab.change(
        actor.team, fold, lambda t: t.remove_logo(now=lab.clock.now(), by=actor.by), actor=actor
    ).position


def _checked(lab: Lab, sha256: str) -> Image:
    size = lab.blobs.size(sha256)
    if size > LARGEST_BYTES:
        _refuse(f"{size:,} bytes", f"At most {LARGEST_BYTES:,} are taken; make it smaller.")
    image = image_of(b"".join(lab.blobs.read(sha256)))
    if image is None:
        raise InvalidInput(field="logo", value="what was sent", way_out="Give a PNG or a JPEG.")
    if not (0 < image.width <= LARGEST_SIDE and 0 < image.height <= LARGEST_SIDE):
        told = f"At most {LARGEST_SIDE} × {LARGEST_SIDE} pixels are taken; make it smaller."
        _refuse(f"{image.width} × {image.height}", told)
    return image


def _refuse(value: str, way_out: str) -> None:
    raise InvalidInput(field="logo", value=value, way_out=way_out)
