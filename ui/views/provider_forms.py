"""What is asked of each kind of provider when it is added: only what it needs. Pure.

A kind that is not here is asked for its settings as text; its adapter checks them all the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import msgspec

from domain.compute import Setting
from domain.errors import InvalidInput


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One setting. ``secret``: it names a secret of the team; ``number``: it is one."""

    key: str
    label: str
    hint: str = ""
    needed: bool = False
    secret: bool = False
    number: bool = False
    options: tuple[str, ...] = ()
    rare: bool = False


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    label: str
    told: str
    glyph: str
    fields: tuple[Asked, ...]


PRICES = (
    Asked(
        key="price_per_cpu_hour", label="Price of a CPU hour", hint="Empty: free.",
        number=True, rare=True,
    ),
    Asked(
        key="price_per_gib_hour", label="Price of an hour of a GiB of memory", hint="Empty: free.",
        number=True, rare=True,
    ),
    Asked(
        key="price_per_accelerator_hour", label="Prices of accelerator hours",
        hint="Like H100=4.50,A100=2,*=1", rare=True,
    ),
)  # fmt: skip

FORMS: Mapping[str, Kind] = {
    "local": Kind(
        label="This machine",
        told="The machine that Labledger runs on.",
        glyph="monitor",
        fields=(
            Asked(key="cpus", label="CPUs", hint="Empty: all it has.", number=True),
            Asked(key="memory_gib", label="Memory, GiB", hint="Empty: all it has.", number=True),
            Asked(
                key="accelerators", label="Accelerators", hint="Like A100:4; empty: what is found."
            ),
            Asked(
                key="pre_setup", label="Before set-up", hint="Shell, run on every job.", rare=True
            ),
            Asked(
                key="pre_run", label="Before the run", hint="Shell, run on every job.", rare=True
            ),
            *PRICES,
        ),
    ),
    "slurm": Kind(
        label="Slurm cluster",
        told="A cluster reached over SSH.",
        glyph="network",
        fields=(
            Asked(key="ssh_host", label="Login node", hint="login.cluster.example", needed=True),
            Asked(key="ssh_user", label="Account", needed=True),
            Asked(
                key="work_folder",
                label="Work folder",
                hint="On a file system that all nodes share.",
                needed=True,
            ),
            Asked(
                key="ssh_key",
                label="SSH key",
                hint="The name of a secret that holds the private key.",
                secret=True,
            ),
            Asked(key="partition", label="Partition", hint="Empty: the cluster's default."),
            Asked(key="account", label="Charge account"),
            Asked(key="qos", label="Quality of service", rare=True),
            Asked(key="ssh_port", label="SSH port", number=True, rare=True),
            Asked(key="host_key", label="Host key", hint="SHA256:…", rare=True),
            Asked(key="jump_host", label="Jump host", rare=True),
            Asked(
                key="accounts",
                label="Jobs run as",
                options=("shared", "person"),
                hint="shared: everybody as the account above.",
                rare=True,
            ),
            Asked(
                key="gres_types", label="Names of accelerators", hint="A100-80GB=a100_80", rare=True
            ),
            Asked(key="flags", label="Further sbatch options", rare=True),
            Asked(key="python", label="Python there", hint="python3", rare=True),
            *PRICES,
        ),
    ),
}


def form_of(kind: str) -> Kind:
    """The form, or one without fields for a kind that has none here."""
    plain = Kind(label=kind.title(), told="Settings as text.", glyph="server", fields=())
    return FORMS.get(kind, plain)


def missing(kind: str, given: Mapping[str, str]) -> Sequence[str]:
    """Labels of what must be given and is not."""
    return [a.label for a in form_of(kind).fields if a.needed and not given.get(a.key, "").strip()]


def settings_of(kind: str, given: Mapping[str, str], *, raw: str = "") -> dict[str, Setting]:
    """What was typed as settings; empty fields are left to their defaults.

    ``raw`` is JSON, for kinds without a form, and for what a form does not ask.
    """
    found: dict[str, Setting] = dict(_parsed(raw)) if raw.strip() else {}
    for asked in form_of(kind).fields:
        text = given.get(asked.key, "").strip()
        if text:
            found[asked.key] = _number(asked, text) if asked.number else text
    return found


def _number(asked: Asked, text: str) -> Setting:
    try:
        value = float(text)
    except ValueError:
        raise InvalidInput(field=asked.label, value=text, way_out="Give a number.") from None
    return int(value) if value == int(value) else value


def _parsed(raw: str) -> Mapping[str, Setting]:
    try:
        return msgspec.convert(json.loads(raw), dict[str, Setting])
    except (ValueError, msgspec.ValidationError) as error:
        way_out = f"Give a JSON object of texts, numbers and yes or no: {error}."
        raise InvalidInput(field="settings", value=raw, way_out=way_out) from None
