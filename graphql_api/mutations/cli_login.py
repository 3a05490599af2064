"""How a command line gets an API token from a person at a browser. None of it needs a credential."""

from __future__ import annotations

import strawberry

from application.commands import cli_login
from graphql_api.context import Info, in_thread


@strawberry.type(description="A login that waits for its code to be typed at `url`.")
class DeviceLogin:
    device: str = strawberry.field(description="The program's own secret, to ask with.")
    code: str
    url: str
    expires_s: int
    interval_s: int = strawberry.field(description="Ask no more often than this.")


@strawberry.type(description="Null `secret`: nobody has answered yet. It is told this once.")
class LoginPayload:
    id: strawberry.ID | None
    secret: str | None


@strawberry.type
class CliLoginMutations:
    @strawberry.mutation(description="`name` is shown to the person who confirms.")
    async def begin_device_login(self, info: Info, name: str) -> DeviceLogin:
        use, caller = info.context.use, info.context.caller
        begun = await in_thread(cli_login.begin_device, use.lab, name=name, caller=caller)
        return DeviceLogin(
            device=begun.device,
            code=begun.code,
            url=f"{use.base_url}/device",
            expires_s=begun.expires_s,
            interval_s=begun.interval_s,
        )

    @strawberry.mutation(description="The token, once somebody has confirmed the login.")
    async def poll_device_login(self, info: Info, device: str) -> LoginPayload:
        made = await in_thread(cli_login.poll_device, info.context.use.lab, device)
        if made is None:
            return LoginPayload(id=None, secret=None)
        await info.context.done()
        return LoginPayload(id=strawberry.ID(made[0]), secret=made[1])

    @strawberry.mutation(description="The token for a code that came back over loopback.")
    async def redeem_login(self, info: Info, code: str, verifier: str) -> LoginPayload:
        lab = info.context.use.lab
        made, secret = await in_thread(cli_login.redeem, lab, code=code, verifier=verifier)
        await info.context.done()
        return LoginPayload(id=strawberry.ID(made), secret=secret)
