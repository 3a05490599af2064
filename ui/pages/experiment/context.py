"""What the sections of an experiment's page share."""

from __future__ import annotations

from dataclasses import dataclass

from application.permissions import Action
from projections.desk_queries import NotesRow
from projections.rows import ExperimentRow
from ui.desk_gateway import DeskGateway
from ui.shell import Shell


@dataclass(kw_only=True)
class Home:
    """``written`` is what people wrote about it."""

    shell: Shell
    row: ExperimentRow
    desk: DeskGateway
    written: NotesRow

    @property
    def writable(self) -> bool:
        return self.shell.gateway.may(Action.WRITE_EXPERIMENTS)
