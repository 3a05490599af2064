"""What somebody sees who is asked to let a command line act for them."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import msgspec

from application.account_ports import DeviceWaiting
from domain.errors import LabError, NotFound
from ui.pages.plain_forms import field, good, page, problem, submit, title

OWN = "Only allow it if you have just run lab login yourself."
NO_TEAM = "You are in no team yet. Join one first: a command line works in a team."
UNKNOWN = "No command line waits with that code. Codes are good for ten minutes, once."
DONE = {
    "allowed": "Allowed. The command line is signed in; you may close this page.",
    "denied": "Refused. The command line got nothing.",
}


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Whose page it is, and the team they are in just now; empty for none."""

    email: str
    team: str


def told(error: LabError) -> str:
    """The sentence for a code that opens nothing, or another refusal's own."""
    return UNKNOWN if isinstance(error, NotFound) else str(error)


def here_page(asked: Mapping[str, str], who: Who, error: str) -> None:
    """``asked`` is what the program opened the page with; empty when that cannot be."""
    name = asked.get("name", "")
    if error or not name:
        text = error or "This page is opened by `lab login`. Run it again."
        page(title("Allow a command line", "Something is missing.") + problem(text), "/login")
        return
    kept = "".join(
        _hidden(key, asked.get(key, "")) for key in ("port", "state", "challenge", "name")
    )
    page(_question(name, "on this machine", who) + kept + _answers(who), "/cli")


def device_page(
    code: str, waiting: DeviceWaiting | None, who: Who, *, done: str, error: str
) -> None:
    """First the code, then the question, then that it is answered."""
    if done:
        text = good(DONE.get(done, DONE["denied"]))
        page(title("Allow a command line", "") + text, "/device")
        return
    if waiting is None:
        heading = title("Allow a command line", "Type the code that lab login shows.")
        code_field = field("Code", "code", "text", value="", focus=True, hint="Like BCDF-GHJK.")
        page(heading + problem(error) + code_field + submit("Go on"), "/device")
        return
    where = f"at {waiting.address}" if waiting.address else "at an unknown address"
    question = _question(waiting.name, where, who)
    page(question + problem(error) + _hidden("code", code) + _answers(who), "/device")


def _question(name: str, where: str, who: Who) -> str:
    in_team = f" in {who.team}" if who.team else ""
    heading = title("Allow a command line?", f"{name}, {where}, wants to act as you{in_team}.")
    about = f"You are signed in as {who.email}. It gets an API token for 90 days. {OWN}"
    return f'{heading}<p class="muted">{escape(about)}</p>'


def _answers(who: Who) -> str:
    if not who.team:
        return problem(NO_TEAM)
    yes = '<button class="btn primary wide-btn" name="answer" value="allow">Allow</button>'
    return f'{yes}<button class="btn wide-btn" name="answer" value="deny">Refuse</button>'


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'
