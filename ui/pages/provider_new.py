"""Adding a compute provider: choose a kind, say where it is, test it, add it."""

from functools import partial
from html import escape

from nicegui import PageArguments, ui

from application.permissions import Action, require
from domain.errors import LabError
from ui.components.checking import check_html
from ui.components.dialogs import telling, toast
from ui.components.layout import (
    area,
    box,
    button,
    card,
    choice,
    enabled,
    entry,
    field,
    heading,
    html,
    switch,
)
from ui.components.markup import icon, note
from ui.compute_gateway import ComputeGateway
from ui.shell import Shell
from ui.views.provider_forms import Asked, form_of, missing, settings_of


async def provider_new(shell: Shell, args: PageArguments) -> None:
    """``/providers/new?kind=``"""
    require(shell.gateway.actor, Action.MANAGE_PROVIDERS)
    shell.crumbs(("Providers", "/providers"), ("Add a provider", ""))
    kinds = await shell.gateway.kinds()
    page = _Adding(shell, str(args.query_parameters.get("kind", "")))
    with box("page narrow-page"):
        heading(
            "Add a provider",
            "Its settings are tested before it is added; credentials stay secrets.",
        )
        with card("Kind"), box("body tiles", role="group", aria_label="Kind of provider"):
            for kind in kinds:
                _tile(kind, pressed=kind == page.kind)
        if page.kind in kinds:
            await page.draw()


def _tile(kind: str, *, pressed: bool) -> None:
    form = form_of(kind)
    html(
        f'<a class="tile" href="/providers/new?kind={escape(kind)}" aria-current="{"true" if pressed else "false"}">'
        f'{icon(form.glyph)}<span class="b5">{escape(form.label)}</span>'
        f'<span class="t-sm faint">{escape(form.told)}</span></a>',
        "contents",
        "span",
    )


class _Adding:
    def __init__(self, shell: Shell, kind: str) -> None:
        self._gateway = ComputeGateway(shell.gateway)
        self.kind = kind
        self._name = ""
        self._given: dict[str, str] = {}
        self._entries: dict[str, ui.element] = {}
        self._raw = ""
        self._default = False
        self._tested = False

    async def draw(self) -> None:
        form = form_of(self.kind)
        secrets = [row.name for row in await self._gateway.secrets() if not row.user_id]
        with card(form.label), box("body vcol g4"):
            with field("Name", "p-name", hint="What people call it here."):
                entry("p-name", self._take_name, value=self._name)
            for asked in form.fields:
                if not asked.rare:
                    self._field(asked, secrets)
            with box("", "details"):
                html("More settings", "b5 more", "summary")
                with box("vcol g4"):
                    for asked in form.fields:
                        if asked.rare:
                            self._field(asked, secrets)
                    with field(
                        "Other settings", "p-raw", hint="JSON, for what is not asked above."
                    ):
                        area("p-raw", self._take_raw, rows="3")
            switch(
                "p-default", "The default for tasks that name none", self._take_default, on=False
            )
        with card("Test"):
            self._found = html(
                '<p class="muted pad">Nothing is contacted until you test it.</p>', "", "div"
            )
            self._found.props["role"] = "status"
            self._unknown = box("body hrow wrap")
            with box("body hrow wrap"):
                button("Test connection", lambda: telling(self._test()), glyph="plug-zap")
                self._add = button(
                    "Add provider", lambda: telling(self._save()), glyph="plus", cls="primary"
                )
                self._anyway = button("Add anyway", lambda: telling(self._save()), cls="ghost")
        enabled(self._add, False, why="Test it first.")
        self._anyway.set_visibility(False)
        self._unknown.set_visibility(False)

    def _field(self, asked: Asked, secrets: list[str]) -> None:
        name, take = f"p-{asked.key}", partial(self._take, asked.key)
        label = asked.label if asked.needed else f"{asked.label} (optional)"
        with field(label, name, hint=asked.hint):
            if asked.options:
                choice(name, [("", "default"), *((o, o) for o in asked.options)], take)
            elif asked.secret:
                known = [("", "The server's SSH agent"), *((s, s) for s in secrets)]
                choice(name, known, take)
            else:
                self._entries[asked.key] = entry(name, take)

    def _take(self, key: str, value: str) -> None:
        self._given[key] = value
        self._changed()

    def _take_name(self, value: str) -> None:
        self._name = value

    def _take_raw(self, value: str) -> None:
        self._raw = value
        self._changed()

    def _take_default(self, value: str) -> None:
        self._default = value == "true"

    def _changed(self) -> None:
        if self._tested:
            self._tested = False
            enabled(self._add, False, why="The settings changed: test them again.")

    async def _test(self) -> None:
        needed = missing(self.kind, self._given)
        if needed:
            self._tell_bad(f"{', '.join(needed)}: give a value first.")
            return
        self._found.set_content(
            '<div class="pad vcol"><div class="skel"></div><div class="skel"></div></div>'
        )
        self._unknown.set_visibility(False)
        try:
            settings = settings_of(self.kind, self._given, raw=self._raw)
            check = await self._gateway.test(self.kind, settings)
        except LabError as error:
            self._tell_bad(str(error))
            return
        self._found.set_content(f'<div class="pad">{check_html(check)}</div>')
        if check.confirm:
            self._offer_trust(*check.confirm)
        self._tested = check.ok
        enabled(self._add, check.ok, why="Some checks failed.")
        self._anyway.set_visibility(not check.ok)

    def _offer_trust(self, setting: str, found: str) -> None:
        """A host nobody has met: a person who compared its key says that it is the right one."""

        async def trust() -> None:
            self._given[setting] = found
            self._entries[setting].props["^value"] = found
            self._entries[setting].update()
            await self._test()

        self._unknown.clear()
        with self._unknown:
            button("It is this key, trust it", lambda: telling(trust()), glyph="shield")
        self._unknown.set_visibility(True)

    def _tell_bad(self, sentence: str) -> None:
        self._found.set_content(
            f'<div class="pad"><div class="note bad">{note(sentence, kind="bad")}</div></div>'
        )
        enabled(self._add, False, why="The test failed.")
        self._anyway.set_visibility(not missing(self.kind, self._given))

    async def _save(self) -> None:
        made = await self._gateway.add(
            name=self._name or self.kind,
            kind=self.kind,
            settings=settings_of(self.kind, self._given, raw=self._raw),
            default=self._default,
        )
        toast("Added")
        ui.navigate.to(f"/providers/{made}")
