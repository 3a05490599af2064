"""Authorised reads of channels and of what they were told: a member's own, and the team's.

Another member's channels are *not found*, like another team's.
"""

from __future__ import annotations

from application.actor import Actor
from application.permissions import Action, require, require_own
from domain.errors import InvalidInput, NotFound
from projections.deliveries import Deliveries
from projections.rows import ChannelRow, DeliveryRow

STATES = ("waiting", "delivered", "dead", "dropped")


class ChannelReads:
    """Safe to share between threads."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    def channels(self, actor: Actor) -> list[ChannelRow]:
        """The team's and the actor's own, by name."""
        require(actor, Action.READ)
        return self._deliveries.channels_of(actor.team, actor.user)

    def channel(self, actor: Actor, channel: str) -> ChannelRow:
        require(actor, Action.READ)
        row = self._deliveries.channel(channel)
        if row is None or row.user_id not in ("", actor.user):
            raise NotFound(kind="channel", id=channel)
        require_own(actor, row.team, kind="channel", id=channel)
        return row

    def deliveries(
        self, actor: Actor, channel: str, *, state: str = "", limit: int = 50
    ) -> list[DeliveryRow]:
        """Newest first. ``InvalidInput`` for a state there is none of."""
        self.channel(actor, channel)
        if state and state not in STATES:
            way_out = f"Choose from {', '.join(STATES)}."
            raise InvalidInput(field="state", value=state, way_out=way_out)
        return self._deliveries.of_channel(channel, state=state, limit=limit)
