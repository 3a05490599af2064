"""The first account, its team and the Local provider: while the log holds no user, with the set-up code.

The code is derived from a secret of the server, which prints it when it starts; once there is a user
it opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec

from application.actor import person, system
from application.commands.accounts import SignedIn, found_team, open_session, register_user
from application.commands.compute import add_provider
from application.lab import Lab
from domain.errors import InvalidInput, PermissionDenied
from domain.teams import Role
from domain.users import UserRegistered

LOOKED_AT = 200
CODE_DIGITS = 12


class FirstAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What the set-up form asks for."""

    name: str
    email: str
    password: str
    team: str

    def __repr__(self) -> str:
        return f"FirstAccount({self.email!r})"


def setup_open(lab: Lab) -> bool:
    """Whether nobody has an account. Looks at the log's beginning, where the first one must be."""
    facts = lab.log.read(0, LOOKED_AT)
    return not any(isinstance(fact.event, UserRegistered) for fact in facts)


def setup_code(secret: str) -> str:
    """What the server prints and the form asks for; empty, and then good for nothing, without a secret."""
    if not secret:
        return ""
    digest = hmac.new(secret.encode(), b"first account", hashlib.sha256)
    return digest.hexdigest()[:CODE_DIGITS]


def set_up(lab: Lab, first: FirstAccount, *, code: str, secret: str) -> SignedIn:
    """The first person, signed in as owner of a new team with the Local provider.

    ``PermissionDenied`` once anybody has an account, ``InvalidInput`` for a wrong ``code``.
    """
    right = setup_code(secret)
    if not right or not hmac.compare_digest(right.encode(), code.strip().lower().encode()):
        way_out = "The server printed the code when it started; look at its output."
        raise InvalidInput(field="code", value="(not shown)", way_out=way_out)
    with lab.locks.hold("setup") as only:
        if not only or not setup_open(lab):
            raise PermissionDenied(action="set up a server that is set up", role="none")
        by = system("setup")
        user = register_user(lab, by, email=first.email, name=first.name, password=first.password)
        team = found_team(lab, by, name=first.team, owner=user)
        owner = person(user, team=team, role=Role.OWNER)
        add_provider(lab, owner, name="local", kind="local", default=True)
    return open_session(lab, user, method="setup")
