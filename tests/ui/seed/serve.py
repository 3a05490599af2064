"""``python -m tests.ui.seed.serve DSN``: the furnished lab in a process of its own, until its input ends.

NiceGUI is one per process, so tests that have a server of their own ask this one over HTTP. Prints one
line of JSON: the address, and what is where.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import msgspec

from tests.ui.seed.furnish import furnish_hostile
from tests.ui.seed.site import furnished


def main() -> int:
    with (
        tempfile.TemporaryDirectory() as home,
        furnished(sys.argv[1], Path(home), jobs_a_day=1) as site,
    ):
        hostile = furnish_hostile(site.system.lab, site.home)
        site.catch_up()
        told = {
            "url": site.url,
            "home": msgspec.to_builtins(site.home, enc_hook=str),
            "hostile": hostile,
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
