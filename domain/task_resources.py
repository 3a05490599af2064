"""The ``resources`` section of a task: its fields, their reading, and alternatives over it.

Not here: units (``domain/units.py``), accelerator names (``domain/accelerators.py``).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from domain.accelerators import accelerators
from domain.resources import Accelerator, Resources
from domain.task_kinds import list_of, switch, text, whole
from domain.task_reading import Field, Kind, Problems, Schema, Section, join, show
from domain.units import cpus, disk, memory

_SHORT = text(most=200, printable=True)

PROVIDER = Field(
    key="compute_provider",
    kind=_SHORT,
    doc="Name of the compute provider; the team's default otherwise. Case does not matter.",
)
ACCELERATORS = Field(
    key="accelerators",
    kind=accelerators(),
    doc='Type and count for each node: "A100-80GB:4", {A100: 2}, a vendor such as NVIDIA, or cpu.',
)
NUM_NODES = Field(
    key="num_nodes", kind=whole(1, 1024), doc="Machines started together; 1 by default."
)
CPUS = Field(key="cpus", kind=cpus(), doc='Logical cores for each node: 4, or "4+" for at least 4.')
MEMORY = Field(
    key="memory",
    kind=memory(),
    doc='Memory for each node: a number of GB, "16GB", "16000MB", "64GB+". Powers of 1024.',
)
DISK = Field(key="disk_space", kind=disk(), doc='Least disk for each node: GB, or "200GB", "1TB".')
INSTANCE_TYPE = Field(key="instance_type", kind=_SHORT, doc="The provider's own machine type.")
CLOUD = Field(key="cloud", kind=_SHORT, doc="Cloud to use, for providers that reach several.")
REGION = Field(key="region", kind=_SHORT, doc="Region to use.")
ZONE = Field(key="zone", kind=_SHORT, doc="Availability zone to use.")
SPOT = Field(
    key="spot",
    kind=switch(),
    doc="Take a cheaper machine that may be reclaimed.",
    aliases=("use_spot",),
)
IMAGE = Field(
    key="image",
    kind=text(most=500, printable=True),
    doc="Container or machine image.",
    aliases=("image_id",),
)
PORTS = Field(
    key="ports",
    kind=list_of(whole(1, 65535), most=64, example="a list like `[8080]`"),
    doc="Ports the job serves on, reached through the authenticated proxy.",
)
FLEET = Field(key="fleet_name", kind=_SHORT, doc="Fleet of a dstack provider.")

SHARED_FIELDS = (
    *(PROVIDER, ACCELERATORS, CPUS, MEMORY, DISK, INSTANCE_TYPE),
    *(CLOUD, REGION, ZONE, SPOT, IMAGE, PORTS, FLEET),
)
HINTS = {
    "gpus": "Write `accelerators: A100:2`.",
    "gpu": "Write `accelerators: A100:1`.",
    "disk_size": "Write `disk_space`.",
    "disk": "Write `disk_space`.",
    "mem": "Write `memory`.",
    "nodes": "Write `num_nodes`.",
    "provider": "Write `compute_provider`.",
    "timeout": "`timeout` belongs at the top level.",
    "envs": "`envs` belongs at the top level.",
}


def read_resources(
    value: object, path: str, problems: Problems, *, base: Resources | None = None
) -> Resources:
    """The section as a request, laid over ``base`` (fields not written keep the base's value)."""
    fields = (*SHARED_FIELDS, NUM_NODES, ANY_OF)
    section = Section(value, path, fields=fields, problems=problems, hints=HINTS)
    answer = _read_shared(section, base or Resources())
    answer = msgspec.structs.replace(answer, num_nodes=section.get(NUM_NODES, answer.num_nodes))
    if not section.has(ANY_OF):
        return answer
    return msgspec.structs.replace(answer, any_of=_alternatives(section, answer, path, problems))


def each_alternative(resources: Resources) -> tuple[Resources, ...]:
    """The complete requests to try, in order of preference: at least one, none with ``any_of``."""
    base = msgspec.structs.replace(resources, any_of=())
    return tuple(_laid_over(base, other) for other in resources.any_of) or (base,)


def _read_shared(section: Section, base: Resources) -> Resources:
    cores = section.get(CPUS, (base.cpus, base.cpus_or_more))
    size = section.get(MEMORY, (base.memory_gib, base.memory_or_more))
    wanted: Accelerator | None = section.get(ACCELERATORS, base.accelerators)
    return msgspec.structs.replace(
        base,
        compute_provider=section.get(PROVIDER, base.compute_provider),
        accelerators=wanted if wanted and wanted.count else None,
        cpus=cores[0],
        cpus_or_more=cores[1],
        memory_gib=size[0],
        memory_or_more=size[1],
        disk_gib=section.get(DISK, base.disk_gib),
        instance_type=section.get(INSTANCE_TYPE, base.instance_type),
        cloud=section.get(CLOUD, base.cloud),
        region=section.get(REGION, base.region),
        zone=section.get(ZONE, base.zone),
        spot=section.get(SPOT, base.spot),
        image=section.get(IMAGE, base.image),
        ports=tuple(section.get(PORTS, base.ports)),
        fleet_name=section.get(FLEET, base.fleet_name),
    )


def _read_alternative(value: object, path: str, problems: Problems) -> Resources | None:
    hints = HINTS | {"num_nodes": "Write `num_nodes` once, in `resources` itself."}
    section = Section(value, path, fields=SHARED_FIELDS, problems=problems, hints=hints)
    answer = _read_shared(section, Resources())
    if isinstance(value, Mapping) and not value:
        problems.add(path, "is an empty alternative.", way_out="Name at least one field in it.")
    return answer


def _alternatives(
    section: Section, base: Resources, path: str, problems: Problems
) -> tuple[Resources, ...]:
    """An alternative adds to the request; taking away cannot be told from silence."""
    answers = tuple(section.get(ANY_OF, []))
    written = section.raw(ANY_OF)
    for place, other in enumerate(written if isinstance(written, list | tuple) else ()):
        if not isinstance(other, Mapping):
            continue
        for key, undone in (("spot", base.spot), ("accelerators", base.accelerators)):
            takes_away = key in other and place < len(answers) and not getattr(answers[place], key)
            if undone and takes_away:
                problems.add(
                    join(join(join(path, ANY_OF.key), place), key),
                    f"{show(other[key])} would undo `{join(path, key)}`.",
                    value=other[key],
                    way_out=f"Take `{key}` out of `{path}` and write it in each alternative.",
                )
    return answers


def _laid_over(base: Resources, other: Resources) -> Resources:
    plain = Resources()
    names = [f.name for f in msgspec.structs.fields(Resources)]
    changed = {n: getattr(other, n) for n in names if getattr(other, n) != getattr(plain, n)}
    if other.cpus is not None:
        changed["cpus_or_more"] = other.cpus_or_more
    if other.memory_gib is not None:
        changed["memory_or_more"] = other.memory_or_more
    return msgspec.structs.replace(base, **changed)


def section_schema(fields: tuple[Field[object], ...]) -> Schema:
    """The JSON Schema of a section with these fields."""
    properties = {
        name: {**_nullable(f), "description": f.doc} for f in fields for name in (f.key, *f.aliases)
    }
    schema: dict[str, object] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    required = [f.key for f in fields if f.required]
    return schema | ({"required": required} if required else {})


def _nullable(field: Field[object]) -> Schema:
    return field.kind.schema if field.required else {"anyOf": [{"type": "null"}, field.kind.schema]}


ANY_OF = Field(
    key="any_of",
    kind=list_of(
        Kind(read=_read_alternative, schema=section_schema(SHARED_FIELDS)),
        most=32,
        example="a list of alternatives, each `- accelerators: …`",
    ),
    doc="Alternatives in order of preference, each laid over the fields beside it.",
)
RESOURCE_FIELDS = (*SHARED_FIELDS, NUM_NODES, ANY_OF)
