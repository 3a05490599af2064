"""``lab job monitor``: one table that follows the jobs, redrawn in place."""

from __future__ import annotations

import shutil
import sys
import time

from lab.cli.frame import Session
from lab.cli.job_rows import COLUMNS, chosen, flat
from lab.cli.tables import table

PAUSE_S = 1.0
HOME_AND_CLEAR = "\x1b[H\x1b[J"  # ECMA-48: cursor to the corner, erase to the end


def monitor(session: Session) -> int:
    """Until interrupted, or once when stdout is no terminal."""
    if session.arguments.once or session.json or not sys.stdout.isatty():
        found = chosen(session)
        return session.show(found, lambda: _drawn(found, 200))
    while True:
        rows = chosen(session)
        size = shutil.get_terminal_size()
        lines = _drawn(rows, size.columns).splitlines()[: size.lines - 1]
        print(HOME_AND_CLEAR + "\n".join(lines), end="", flush=True)
        time.sleep(PAUSE_S)


def _drawn(rows: list[dict[str, object]], width: int) -> str:
    text = table([flat(row) for row in rows], COLUMNS)
    return "\n".join(line[:width] for line in text.splitlines())
