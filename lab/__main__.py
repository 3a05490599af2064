"""``python -m lab`` is ``lab``."""

from __future__ import annotations

import sys

from lab.cli.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
