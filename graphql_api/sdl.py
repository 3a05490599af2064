"""``python -m graphql_api.sdl`` writes ``graphql_api/schema.graphql`` anew; a test keeps it true."""

from __future__ import annotations

from pathlib import Path

from graphql_api.schema import SCHEMA

PATH = Path(__file__).with_name("schema.graphql")


def sdl() -> str:
    """The schema as the file that is published."""
    return SCHEMA.as_str() + "\n"


if __name__ == "__main__":
    PATH.write_text(sdl(), "utf-8")
