"""Markdown as markup that can do nothing: no HTML of the writer's, no scripts, no pictures from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

EXCERPT_LINES = 14


def _picture(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """A picture is a link: showing it would ask another host for it."""
    del renderer, options, env
    token = tokens[at]
    where = escape(str(token.attrGet("src") or ""))
    return f'<a href="{where}" rel="noreferrer noopener" target="_blank">{escape(token.content or where)}</a>'


def _open_link(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    tokens[at].attrSet("rel", "noreferrer noopener")
    tokens[at].attrSet("target", "_blank")
    return str(renderer.renderToken(tokens, at, options, env))


def _heading(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """A page has one first heading, which is not the writer's."""
    token = tokens[at]
    token.tag = f"h{min(int(token.tag[1:]) + 1, 6)}"
    return str(renderer.renderToken(tokens, at, options, env))


def _made() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": False})
    made.enable(["table", "strikethrough"])
    made.add_render_rule("image", _picture, fmt="html")
    made.add_render_rule("link_open", _open_link, fmt="html")
    made.add_render_rule("heading_open", _heading, fmt="html")
    made.add_render_rule("heading_close", _heading, fmt="html")
    return made


_MARKDOWN = _made()


def rendered(text: str) -> str:
    """``text`` as trusted markup. Links that are no web or mail address stay text."""
    return str(_MARKDOWN.render(text))


def excerpt(text: str) -> str:
    """Its first lines, as Markdown."""
    lines = text.splitlines()
    more = "\n\n…" if len(lines) > EXCERPT_LINES else ""
    return "\n".join(lines[:EXCERPT_LINES]) + more
