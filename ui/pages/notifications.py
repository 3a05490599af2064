"""Where the team and oneself are told of facts: webhooks, Slack, Discord, mail; tested from here."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from application.commands import notifications as commands
from application.permissions import Action
from domain.notice_topics import KNOWN
from domain.notifications import ChannelKind
from projections.rows import ChannelRow
from ui.components.dialogs import confirmed, modal, telling, toast
from ui.components.layout import box, button, card, choice, entry, field, heading, html, switch
from ui.components.markup import copyable, empty, icon, span
from ui.gateway import Gateway, in_thread
from ui.shell import Shell

GLYPHS = {"webhook": "share-2", "slack": "send", "discord": "send", "email": "bell"}


async def notifications(shell: Shell) -> None:
    """``/notifications``"""
    shell.crumbs(("Notifications", "/notifications"))
    gateway = shell.gateway
    rows = await in_thread(lambda: gateway.use.channels.channels(gateway.actor))
    manages = gateway.may(Action.MANAGE_CHANNELS)
    with box("page narrow-page"):
        with box("hrow spread wrap"):
            heading("Notifications", "Be told when jobs end, providers go away, quotas run low.")
            if gateway.may(Action.NOTIFY_SELF):
                button(
                    "Add a channel",
                    lambda: _add(gateway, manages=manages),
                    glyph="plus",
                    cls="primary",
                )
        for title, own in (("Of the team", False), ("Your own", True)):
            some = [row for row in rows if bool(row.user_id) is own]
            with card(title), box("list", "ul"):
                if not some:
                    told = "A channel is told of the topics you choose."
                    with box("", "li"):
                        html(empty("None yet", told, glyph="bell"), "empty grow small")
                for row in some:
                    _row(gateway, row, may=own or manages)


def _row(gateway: Gateway, row: ChannelRow, *, may: bool) -> None:
    paused = span("paused", "tag") if row.paused_at else ""
    about = f"{row.kind} · {row.target or 'your address'}"
    with box("wrap", "li"):
        html(
            f"{icon(GLYPHS.get(row.kind, 'bell'))}<span class='grow'>{span(row.name, 'b5 block ellipsis')}"
            f"{span(about, 't-sm faint block ellipsis')}{span(', '.join(row.topics), 't-xs faint mono')}"
            f"</span>{paused}",
            "hrow g3 grow",
        )
        if may:
            label = "Resume" if row.paused_at else "Pause"
            button(
                "Send test", partial(_test, gateway, row), cls="s", aria=f"Send test to {row.name}"
            )
            button(label, partial(_pause, gateway, row), cls="s ghost", aria=f"{label} {row.name}")
            gone = f"Remove {row.name}"
            button(
                "", partial(_remove, gateway, row), glyph="trash-2", cls="s ghost icon", aria=gone
            )


async def _test(gateway: Gateway, row: ChannelRow) -> None:
    async def send() -> None:
        actor, lab = gateway.actor, gateway.use.lab
        answer = await in_thread(lambda: commands.try_channel(lab, actor, row.id))
        if answer.ok:
            toast("Delivered")
        else:
            toast(f"Not delivered: {answer.reason}", "bad")

    await telling(send())


async def _pause(gateway: Gateway, row: ChannelRow) -> None:
    async def change() -> None:
        do = commands.resume_channel if row.paused_at else commands.pause_channel
        await gateway.do(lambda a: do(gateway.use.lab, a, row.id))
        ui.navigate.reload()

    await telling(change())


async def _remove(gateway: Gateway, row: ChannelRow) -> None:
    async def remove() -> None:
        await gateway.do(lambda a: commands.remove_channel(gateway.use.lab, a, row.id))
        ui.navigate.reload()

    body = "Nothing is sent there any more, not even what waits; its address and key are forgotten."
    if await confirmed(f"Remove {row.name}?", body, "Remove"):
        await telling(remove())


def _add(gateway: Gateway, *, manages: bool) -> None:
    given = {"kind": ChannelKind.WEBHOOK.value, "name": "", "address": "", "topics": "job.ended"}
    team = [manages]

    async def save() -> None:
        topics = [t.strip() for t in given["topics"].split(",") if t.strip()]
        _, key = await gateway.do(
            lambda a: commands.add_channel(
                gateway.use.lab, a, kind=ChannelKind(given["kind"]), name=given["name"] or given["kind"],
                address=given["address"], topics=topics, of_team=team[0],
            )
        )  # fmt: skip
        dialog.close()
        _show_key(key) if key else ui.navigate.reload()

    with modal("Add a channel") as dialog, box("dlg"):
        html("<h2>Add a channel</h2>", "dh")
        with box("body vcol g4"):
            with field("Kind", "channel-kind"):
                kinds = [(k.value, k.value.title()) for k in ChannelKind]
                choice("channel-kind", kinds, lambda v: given.update(kind=v), value=given["kind"])
            with field("Name", "channel-name"):
                entry("channel-name", lambda v: given.update(name=v))
            with field("Address", "channel-address", hint="https://…; empty for mail to yourself."):
                entry("channel-address", lambda v: given.update(address=v))
            with field(
                "Topics", "channel-topics", hint=f"With commas between: {', '.join(KNOWN[:6])}, …"
            ):
                entry("channel-topics", lambda v: given.update(topics=v), value=given["topics"])
            if manages:
                switch(
                    "channel-team",
                    "For the whole team",
                    lambda v: team.__setitem__(0, v == "true"),
                    on=True,
                )
        with box("df"):
            button("Cancel", dialog.close)
            button("Add", lambda: telling(save()), cls="primary")
    dialog.open()


def _show_key(key: str) -> None:
    with modal("Signing key") as dialog, box("dlg"):
        html("<h2>Signing key</h2>", "dh")
        told = "Deliveries are signed with it. It is not shown again."
        html(f'<p class="muted">{told}</p><p class="prose">{copyable(key)}</p>', "body vcol g3")
        with box("df"):
            button("Done", ui.navigate.reload, cls="primary")
    dialog.open()
