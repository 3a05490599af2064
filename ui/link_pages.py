"""The addresses of the pages that links by mail open, and of those that ask for such a link."""

from collections.abc import Callable

from nicegui import ui
from starlette.requests import Request

from application.use import Use
from ui.pages import links

Head = Callable[[Request], None]


def build_links(use: Use, head: Head) -> None:
    """``head`` writes what every page's first paint needs."""

    def sends_mail() -> bool:
        return use.lab.mailer.configured

    @ui.page("/forgot", title="Forgot your password? · Labledger")
    async def forgot(request: Request, sent: str = "", error: str = "") -> None:
        head(request)
        links.forgot_page(sends_mail=sends_mail(), sent=bool(sent), error=error)

    @ui.page("/register", title="Make an account · Labledger")
    async def ask_account(request: Request, sent: str = "", error: str = "") -> None:
        head(request)
        registration = use.lab.policy.registration
        links.ask_account_page(registration, sends_mail=sends_mail(), sent=bool(sent), error=error)

    _build_opened(head)


def _build_opened(head: Head) -> None:
    @ui.page("/register/{secret}", title="Make your account · Labledger")
    async def register(request: Request, secret: str, error: str = "") -> None:
        head(request)
        links.register_page(secret, error)

    @ui.page("/reset/{secret}", title="New password · Labledger")
    async def reset(request: Request, secret: str, error: str = "") -> None:
        head(request)
        links.reset_page(secret, error)

    @ui.page("/verify/{secret}", title="Confirm your address · Labledger")
    async def verify(request: Request, secret: str, error: str = "") -> None:
        head(request)
        links.verify_page(secret, error)

    @ui.page("/sign-in/{secret}", title="Sign in · Labledger")
    async def sign_in(request: Request, secret: str, error: str = "") -> None:
        head(request)
        links.sign_in_page(secret, error)
