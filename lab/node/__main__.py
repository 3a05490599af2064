"""``python -I -S <sdk>/lab/node/__main__.py <run_dir>``; started by path, it finds its own package."""

import sys

sys.path.insert(0, __file__.rsplit("/", 3)[0])

from lab.node.wrapper import main  # the package is found by the line above

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
