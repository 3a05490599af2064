"""Who is in the team, in which role, and who is invited."""

from html import escape

from nicegui import PageArguments, ui

from application.account_reads import Invited, Member
from domain.teams import Role
from ui.components.dialogs import confirmed, modal, telling, toast
from ui.components.layout import box, button, card, choice, entry, field, heading, html
from ui.components.markup import ago, avatar, copyable, span
from ui.pages.service_accounts import service_accounts
from ui.pages.team_picture import team_picture
from ui.pages.team_tokens import team_tokens
from ui.shell import Shell
from ui.team_gateway import TeamGateway

MEANS = {
    Role.OWNER: "everything, handing over and closing the team too",
    Role.ADMIN: "members, providers and quotas, and all that members may",
    Role.MEMBER: "launch and stop jobs, write tasks, experiments and secrets",
    Role.VIEWER: "look at everything but the event log",
    Role.AUDITOR: "look at everything, the event log too",
}


async def members(shell: Shell, args: PageArguments) -> None:
    """``/members``; ``invite=1`` asks whom at once."""
    shell.crumbs(("Members", "/members"))
    gateway = TeamGateway(shell.gateway)
    people, invited = await gateway.members(), await gateway.open_invitations()
    with box("page"):
        with box("hrow spread wrap"):
            heading("Members", "Who works in this team, and what each may do.")
            if gateway.manages:
                button("Invite…", lambda: _invite(gateway), glyph="plus", cls="primary")
        with card("", cls="flush"), box("people", "ul"):
            for member in people:
                _person(gateway, member)
        if invited:
            with card("Invited"), box("people", "ul"):
                for one in invited:
                    _invitation(gateway, one)
        await service_accounts(shell.gateway)
        await team_tokens(shell.gateway)
        await team_picture(gateway)
        if args.query_parameters.get("invite") and gateway.manages:
            _invite(gateway)
        with card("What roles may do"), box("body"):
            html(
                "".join(f"<dt>{r.title()}</dt><dd>{escape(t)}</dd>" for r, t in MEANS.items()),
                "kv",
                "dl",
            )


def _person(gateway: TeamGateway, member: Member) -> None:
    person, mine = member.person, member.person.id == gateway.me
    with box("person hrow g3", "li"):
        you = span("you", "tag") if mine else ""
        html(
            f"{avatar(person.name, 'lg')}<span class='grow'>"
            f"<span class='b5 block ellipsis'>{escape(person.name)} {you}</span>"
            f"<span class='t-sm faint block ellipsis'>{escape(person.email)}</span></span>",
            "hrow g3 grow",
        )
        roles = gateway.assignable()
        if gateway.manages and not mine and Role(member.role) in roles:
            _role(gateway, member, roles)
            away = f"Remove {person.name}"
            button(
                "",
                lambda: telling(_remove(gateway, member)),
                glyph="x",
                cls="icon ghost",
                aria=away,
            )
        else:
            html(escape(member.role.title()), "tag", "span")


def _role(gateway: TeamGateway, member: Member, roles: list[Role]) -> None:
    async def take(value: str) -> None:
        async def change() -> None:
            await gateway.set_role(member.person.id, Role(value))
            toast(f"{member.person.name} is {value}")

        await telling(change())

    options = [(role.value, role.title()) for role in roles]
    select = choice(f"role-{member.person.id}", options, take, value=member.role)
    select.props["aria-label"] = f"Role of {member.person.name}"
    select.classes("role")


async def _remove(gateway: TeamGateway, member: Member) -> None:
    name = member.person.name
    told = "Their jobs and what they wrote stay; their tokens for this team stop working."
    if await confirmed(f"Remove {name}?", told, "Remove"):
        await gateway.remove(member.person.id)
        ui.navigate.reload()


def _invitation(gateway: TeamGateway, one: Invited) -> None:
    row = one.row
    with box("person hrow g3 wrap", "li"):
        whom = escape(one.email) if one.email else "Anybody with the link"
        html(
            f"<span class='b5 block ellipsis'>{whom}</span>"
            f"<span class='t-sm faint block'>{escape(row.role.title())}, expires "
            f"{ago(row.expires_at, 'num')}</span>",
            "grow",
        )
        button("New link", lambda: telling(_again(gateway, row.id)), cls="s")
        button("Withdraw", lambda: telling(_cancel(gateway, row.id)), cls="s ghost")


async def _again(gateway: TeamGateway, invitation: str) -> None:
    _show_link(await gateway.resend(invitation))


async def _cancel(gateway: TeamGateway, invitation: str) -> None:
    await gateway.cancel(invitation)
    ui.navigate.reload()


def _invite(gateway: TeamGateway) -> None:
    typed = {"email": "", "role": Role.MEMBER.value}

    async def send() -> None:
        link = await gateway.invite(email=typed["email"], role=Role(typed["role"]))
        dialog.close()
        _show_link(link)

    with modal("Invite somebody") as dialog, box("dlg"):
        html("<h2>Invite somebody</h2>", "dh")
        with box("body vcol g4"):
            with field("E-mail", "invite-email", hint="Empty: anybody who has the link, once."):
                entry("invite-email", lambda v: typed.update(email=v), autofocus="true")
            with field("Role", "invite-role"):
                options = [(r.value, r.title()) for r in gateway.assignable()]
                choice("invite-role", options, lambda v: typed.update(role=v), value=typed["role"])
        with box("df"):
            button("Cancel", dialog.close)
            button("Make link", lambda: telling(send()), cls="primary")
    dialog.open()


def _show_link(link: str) -> None:
    with modal("Invitation link") as dialog, box("dlg"):
        html("<h2>Invitation link</h2>", "dh")
        told = "Send it to whom it is for. It is not shown again and opens once."
        html(f'<p class="muted">{told}</p><p class="prose">{copyable(link)}</p>', "body vcol g3")
        with box("df"):
            button("Done", ui.navigate.reload, cls="primary")
    dialog.open()
