"""Who may make an account without an invitation: nobody, anybody, or whoever has an address at a domain.

In every case the account is only made once its address is confirmed. Not here: invitations.
"""

from __future__ import annotations

import re

import msgspec

from domain.errors import InvalidInput, PermissionDenied

DOMAIN = re.compile(r"[a-z0-9.-]+\.[a-z0-9-]+")
WAYS = "Give invitation, open, or domain:example.org (several with commas)."


class RegistrationClosed(PermissionDenied):
    """Values: ``domains``, what addresses are taken; empty when none are."""

    sentence = "This address may not make an account here. {way_out}"


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """``everybody`` or those at ``domains``; neither: by invitation alone."""

    everybody: bool = False
    domains: tuple[str, ...] = ()

    @property
    def possible(self) -> bool:
        return self.everybody or bool(self.domains)

    def admits(self, email: str) -> bool:
        """Whether ``email`` may make an account; subdomains are other domains."""
        return self.everybody or email.rpartition("@")[2].strip().casefold() in self.domains

    def require(self, email: str) -> None:
        if not self.admits(email):
            taken = ", ".join(self.domains)
            way_out = f"Use one at {taken}." if taken else "Ask a team's admin for an invitation."
            raise RegistrationClosed(way_out=way_out)


def parse_registration(text: str) -> Registration:
    """From the setting's text. ``InvalidInput`` names the ways it may be written."""
    kind, _, rest = text.strip().casefold().partition(":")
    domains = tuple(part.strip() for part in rest.split(",") if part.strip())
    if kind == "domain" and domains and all(DOMAIN.fullmatch(domain) for domain in domains):
        return Registration(domains=domains)
    if rest or kind not in ("", "invitation", "open"):
        raise InvalidInput(field="LAB_REGISTRATION", value=text, way_out=WAYS)
    return Registration(everybody=kind == "open")
