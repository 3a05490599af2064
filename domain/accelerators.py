"""One spelling for every accelerator: ``a100_80gb``, ``NVIDIA A100-SXM4-80GB`` are ``A100-80GB``.

Unknown names are kept as written, since providers gain hardware faster than this table; the adapter
refuses what it does not have. Not here: which provider offers what.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from domain.resources import Accelerator
from domain.task_reading import Kind, Problems, did_you_mean, show

VENDORS = ("NVIDIA", "AMD", "Intel", "AppleSilicon", "TPU")
"""Bare vendor words: any accelerator of that vendor."""

_NAMES = """
A2 A10 A10G A16 A30 A40 A100 A100-80GB A100-PCIE A2000 A4000 A4500 A5000 A6000
B200 B300 GB200 GB300 GH200 H100 H100-PCIE H100-NVL H200 H200-NVL
K80 L4 L40 L40S M60 P4 P40 P100 T4 T4g V100 V100-32GB
RTX2000-Ada RTX4000-Ada RTX5000-Ada RTX6000-Ada RTX6000 RTXPRO6000
RTX2080Ti RTX3060 RTX3070 RTX3070Ti RTX3080 RTX3080Ti RTX3090 RTX3090Ti
RTX4060 RTX4070 RTX4070Ti RTX4080 RTX4080-Super RTX4090 RTX5070 RTX5070Ti RTX5080 RTX5090 TITANV
MI50 MI100 MI210 MI250 MI250X MI300A MI300X MI325X MI350X MI355X RadeonV520
Gaudi2 Gaudi3 Inferentia Inferentia2 Trainium Trainium2
TPU-v2 TPU-v3 TPU-v4 TPU-v5e TPU-v5p TPU-v6e
"""
_ALIASES = {
    "a10040gb": "A100",
    "a100sxm": "A100",
    "a100sxm4": "A100",
    "a100sxm440gb": "A100",
    "a10080g": "A100-80GB",
    "a100sxm80gb": "A100-80GB",
    "a100sxm480gb": "A100-80GB",
    "a100pcie40gb": "A100-PCIE",
    "h10080gb": "H100",
    "h100sxm": "H100",
    "h100sxm5": "H100",
    "h100hbm3": "H100",
    "h10080gbhbm3": "H100",
    "h200sxm": "H200",
    "h200141gb": "H200",
    "v10016gb": "V100",
    "v100sxm2": "V100",
    "v100sxm216gb": "V100",
    "v100sxm232gb": "V100-32GB",
    "l40s48gb": "L40S",
    "l424gb": "L4",
    "rtxa2000": "A2000",
    "rtxa4000": "A4000",
    "rtxa4500": "A4500",
    "rtxa5000": "A5000",
    "rtxa6000": "A6000",
    "6000ada": "RTX6000-Ada",
    "mps": "AppleSilicon",
    "apple": "AppleSilicon",
    "m1": "AppleSilicon",
    "rocm": "AMD",
    "cuda": "NVIDIA",
}
KNOWN = (*_NAMES.split(), *VENDORS)
MOST = 1024

_SQUEEZED = {re.sub(r"[\s_-]", "", name).lower(): name for name in KNOWN} | _ALIASES
_BRAND = re.compile(r"^(nvidia|geforce|tesla|quadro|amd|instinct)+(?=.)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_WAY_OUT = 'Write a type and a count, like "A100-80GB:4", or `cpu` for none.'


def normalise(name: str) -> str | None:
    """The one spelling of ``name``; a plausible unknown one as written; ``None`` for nonsense."""
    squeezed = re.sub(r"[\s_-]", "", name[:100]).lower()
    known = _SQUEEZED.get(squeezed) or _SQUEEZED.get(_BRAND.sub("", squeezed))
    if known:
        return known
    return name if _NAME.fullmatch(name) else None


def accelerators() -> Kind[Accelerator]:
    """``"A100:2"``, ``A100``, ``{A100: 2}``, a vendor, or ``cpu`` (a count of 0: none)."""
    schema = {
        "anyOf": [
            {"type": "string", "minLength": 1, "maxLength": 100},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": {"type": "integer", "minimum": 1, "maximum": MOST},
            },
        ]
    }
    return Kind(read=_read, schema=schema)


def _read(value: object, path: str, problems: Problems) -> Accelerator | None:
    parts = _name_and_count(value)
    if parts is None:
        several = isinstance(value, list | tuple) or (isinstance(value, Mapping) and len(value) > 1)
        way_out = "List alternatives under `any_of`, one type in each." if several else _WAY_OUT
        told = "names several types" if several else "is not an accelerator"
        problems.add(path, f"{show(value)} {told}.", value=value, way_out=way_out)
        return None
    name, count = parts
    if name.lower() in {"cpu", "none"}:
        return Accelerator(kind="cpu", count=0)
    kind = normalise(name)
    if kind is None:
        hint = did_you_mean(name, KNOWN)
        way_out = f"{hint} {_WAY_OUT}".strip()
        problems.add(path, f"{show(name)} is not an accelerator name.", value=name, way_out=way_out)
        return None
    number = _count(count)
    if number is None:
        told = f"{show(count)} is not a count of accelerators (1 to {MOST})."
        problems.add(path, told, value=value, way_out=_WAY_OUT)
        return None
    return Accelerator(kind=kind, count=number)


def _name_and_count(value: object) -> tuple[str, object] | None:
    if isinstance(value, str) and value.strip():
        name, colon, count = value.strip().partition(":")
        return name.strip(), count.strip() if colon else 1
    if isinstance(value, Mapping) and len(value) == 1:
        (name, count), *_ = value.items()
        return (name, count) if isinstance(name, str) else None
    return None


def _count(count: object) -> int | None:
    if isinstance(count, str) and re.fullmatch(r"\d{1,6}", count):
        count = int(count)
    if not isinstance(count, int) or isinstance(count, bool):
        return None
    return count if 1 <= count <= MOST else None
