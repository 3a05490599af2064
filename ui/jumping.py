"""What the command palette offers: every page, every action one may take, and what is found by name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from application.permissions import Action
from projections.job_lists import JobFilter
from ui.components.palette import Command
from ui.gateway import Gateway
from ui.navigation import ADMIN, NAV
from ui.text import short
from ui.theme.status import word

OF_A_KIND = 6
MAKES: Sequence[tuple[str, str, str, str, Action | None, tuple[str, ...]]] = (
    ("launch", "Launch…", "rocket", "/launch", Action.LAUNCH, ("C",)),
    ("task", "New task…", "plus", "/tasks/new", Action.WRITE_TASKS, ()),
    ("gallery", "New task from the gallery…", "book-open", "/tasks/gallery", Action.WRITE_TASKS, ()),
    ("git", "Import a task…", "git-branch", "/tasks/import", Action.WRITE_TASKS, ()),
    ("experiment", "New experiment…", "flask-conical", "/experiments?new=1", Action.WRITE_EXPERIMENTS, ()),
    ("provider", "Add a compute provider…", "server", "/providers/new", Action.MANAGE_PROVIDERS, ()),
    ("invite", "Invite somebody…", "users", "/members?invite=1", Action.MANAGE_MEMBERS, ()),
    ("secret", "Add a secret…", "key-round", "/secrets?new=1", Action.WRITE_SECRETS, ()),
    ("key", "Make an SSH key…", "key-round", "/secrets?new=key", Action.WRITE_SECRETS, ()),
    ("token", "New API token…", "key-round", "/account?new=token", Action.ISSUE_TOKENS, ()),
    ("quota", "Change quotas…", "gauge", "/quota", Action.MANAGE_QUOTAS, ()),
    ("account", "Your account: sessions, tokens, password", "user", "/account", None, ()),
)  # fmt: skip
RUNS: Sequence[tuple[str, str, str, str, tuple[str, ...]]] = (
    ("theme", "Change theme: light, dark, system", "sun-moon", "Lab.nextTheme()", ("⇧", "T")),
    ("density", "Change density of lists", "sliders-horizontal", "Lab.nextDensity()", ()),
    ("link", "Copy a link to this view", "link", "Lab.copyLink()", ()),
    ("out", "Sign out", "log-out", "Lab.signOut()", ()),
)
KEYS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("Open this palette", ("⌘K",)),
    ("Show the keys", ("?",)),
    ("Filter the list", ("/",)),
    ("Next and previous row", ("J", "K")),
    ("Open the row", ("↵",)),
    ("Select the row", ("X",)),
    ("Clear the selection, close", ("Esc",)),
    ("Previous and next tab", ("[", "]")),
    ("Save in the editor", ("⌘S",)),
    ("Launch from the editor", ("⌘↵",)),
)


def commands(gateway: Gateway, *, admin: bool) -> list[Command]:
    """What the person may do and where they may go."""
    return [*_actions(gateway), *_places(admin=admin), *_keys()]


def _actions(gateway: Gateway) -> Iterator[Command]:
    for id, label, glyph, href, action, keys in MAKES:
        if action is None or gateway.may(action):
            yield Command(id=id, label=label, icon=glyph, href=href, keys=keys, group="Actions")
    for id, label, glyph, script, keys in RUNS:
        yield Command(id=id, label=label, icon=glyph, js=script, keys=keys, group="Actions")


def _places(*, admin: bool) -> Iterator[Command]:
    items = [item for _, some in NAV for item in some]
    for name, href, glyph, key in [*items, *([ADMIN] if admin else [])]:
        keys = ("G", key)
        yield Command(
            id=href, label=f"Go to {name}", icon=glyph, href=href, keys=keys, group="Go to"
        )


def _keys() -> Iterator[Command]:
    for place, (label, keys) in enumerate(KEYS):
        yield Command(id=f"key{place}", label=label, icon="zap", keys=keys, group="Keys")


async def found_by(gateway: Gateway, text: str) -> list[Command]:
    """Jobs, tasks, experiments, providers and people whose name holds ``text``."""
    jobs, tasks, experiments, names = await asyncio.gather(
        gateway.jobs(JobFilter(text=text), limit=OF_A_KIND),
        gateway.tasks(),
        gateway.experiments(),
        gateway.names(),
    )
    found = [
        Command(
            id=row.id,
            label=row.name,
            hint=f"{short(row.id)} · {word(row.status)}",
            icon="list-checks",
            href=f"/jobs/{row.id}",
            group="Jobs",
        )
        for row in jobs.rows
    ]
    found += _named(text, {t.id: t.name for t in tasks}, "Tasks", "file-code", "/tasks/{}")
    homes = {e.id: e.name for e in experiments}
    found += _named(text, homes, "Experiments", "flask-conical", "/experiments/{}")
    found += _named(text, names.providers, "Providers", "server", "/providers/{}")
    return found + _named(text, names.people, "People", "users", "/jobs?owner={}")


def _named(
    text: str, things: Mapping[str, str], group: str, glyph: str, href: str
) -> list[Command]:
    wanted = text.casefold()
    fit = [(id, name) for id, name in things.items() if wanted in name.casefold()]
    return [
        Command(id=id, label=name, icon=glyph, href=href.format(id), group=group)
        for id, name in fit[:OF_A_KIND]
    ]
