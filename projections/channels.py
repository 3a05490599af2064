"""Which channels are there, and from where in the log does each hear? One row a channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain import notifications
from domain.model import Event
from projections.base import Column, Patch, Projection, SqlType, Table, Value

BIGINT, TIME, JSONB, BOOLEAN = (
    SqlType.BIGINT,
    SqlType.TIMESTAMPTZ,
    SqlType.JSONB,
    SqlType.BOOLEAN,
)
CHANNELS = Table(
    name="channels",
    columns=(
        Column(name="team"),
        Column(name="user_id"),
        Column(name="kind"),
        Column(name="name"),
        Column(name="target"),
        Column(name="topics", type=JSONB),
        Column(name="only_own", type=BOOLEAN),
        Column(name="paused_at", type=TIME),
        Column(name="added_at", type=TIME),
        Column(name="added_position", type=BIGINT),
        Column(name="replay_from", type=BIGINT),
        Column(name="replay_position", type=BIGINT),
    ),
    indexes=("team, name",),
)


def _wish(e: notifications.ChannelAdded | notifications.ChannelChanged) -> dict[str, Value]:
    return {
        "name": e.name,
        "target": e.target,
        "topics": list(e.topics),
        "only_own": e.only_own,
    }


def _added(e: notifications.ChannelAdded, position: int) -> dict[str, Value]:
    return _wish(e) | {
        "team": e.team,
        "user_id": e.user,
        "kind": e.kind,
        "added_at": e.at,
        "added_position": position,
    }


_ROWS: Mapping[type[Event], Callable[[Any, int], dict[str, Value]]] = {
    notifications.ChannelAdded: _added,
    notifications.ChannelChanged: lambda e, position: _wish(e),
    notifications.ChannelPaused: lambda e, position: {"paused_at": e.at},
    notifications.ChannelResumed: lambda e, position: {"paused_at": None},
    notifications.ChannelReplayAsked: lambda e, position: {
        "replay_from": e.from_position,
        "replay_position": position,
    },
}


def fold_channels(event: Event, position: int) -> Sequence[Patch]:
    """The patches of one event."""
    if isinstance(event, notifications.ChannelRemoved):
        return (Patch("channels", event.originator_id, delete=True),)
    row = _ROWS.get(type(event))
    return (Patch("channels", event.originator_id, set=row(event, position)),) if row else ()


CHANNELS_PROJECTION = Projection(name="channels", version=1, tables=(CHANNELS,), fn=fold_channels)
