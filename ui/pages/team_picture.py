"""The team's picture, for those who manage it: chosen here, shown where one changes teams."""

from nicegui import ui
from nicegui.events import UploadEventArguments

from ui.components.dialogs import telling, toast
from ui.components.layout import box, button, card, html
from ui.team_gateway import TeamGateway

LARGEST = 128 * 1024


async def team_picture(gateway: TeamGateway) -> None:
    """Nothing for those who do not manage members."""
    if not gateway.manages:
        return
    upload = ui.upload(
        on_upload=lambda e: telling(_show(gateway, e)), auto_upload=True, max_file_size=LARGEST,
        on_rejected=lambda: toast("Pictures of up to 128 KiB are taken.", "bad"),
    )  # fmt: skip
    upload.classes("unseen")
    upload.props["aria-label"] = "The team's picture"
    upload.props["accept"] = ".png,.jpg,.jpeg"
    with card("Picture"), box("body hrow wrap"):
        button("Choose…", lambda: upload.run_method("pickFiles"), glyph="upload")
        if await gateway.has_logo():
            button("Remove", lambda: telling(_remove(gateway)), cls="ghost")
        html("A PNG or JPEG, up to 128 KiB and 1024 pixels.", "t-sm faint", "span")


async def _show(gateway: TeamGateway, event: UploadEventArguments) -> None:
    await gateway.show_logo(await event.file.read())
    ui.navigate.reload()


async def _remove(gateway: TeamGateway) -> None:
    await gateway.remove_logo()
    ui.navigate.reload()
