"""The parts of a launch that a person chooses: parameters by type, provider, machine, minutes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from domain.parameters import ParameterDef, ParameterType
from projections.rows import ExperimentRow, ProviderRow
from ui.components.layout import box, card, choice, entry, field, html, switch
from ui.components.markup import empty
from ui.views.task_check import Choices, default_text, limits

Changed = Callable[[], Awaitable[None]]
MACHINE = (
    ("accelerators", "Accelerators", "A100:2"),
    ("cpus", "CPUs", "4+"),
    ("memory", "Memory, GiB", "16"),
    ("num_nodes", "Nodes", "1"),
)


def parameter_fields(
    definitions: Mapping[str, ParameterDef], choices: Choices, on_change: Changed
) -> None:
    """One field a parameter; empty means its default."""
    with card("Parameters"), box("body vcol g4"):
        if not definitions:
            html(empty("No parameters", "This task has none to set.", glyph="tag"), "empty small")
        for name, definition in definitions.items():
            _parameter(name, definition, choices, on_change)


def where_fields(
    choices: Choices,
    on_change: Changed,
    *,
    providers: Sequence[ProviderRow],
    experiments: Sequence[ExperimentRow],
) -> None:
    """Where it runs and how it is counted."""

    def taking(name: str) -> Callable[[str], Awaitable[None]]:
        async def take(value: str) -> None:
            setattr(choices, name, value.strip())
            await on_change()

        return take

    usable = [("", "The task's own, else the default")]
    usable += [(p.id, _provider_label(p)) for p in providers if p.enabled]
    homes = [("", "The task's own"), *((e.id, e.name) for e in experiments)]
    with card("Where"), box("body vcol g4"):
        with field("Compute provider", "f-provider"):
            choice("f-provider", usable, taking("provider"), value=choices.provider)
        with field("Experiment", "f-experiment"):
            choice("f-experiment", homes, taking("experiment"), value=choices.experiment)
        with box("pair"):
            for key, label, hint in MACHINE:
                _resource(key, label, hint, choices, on_change)
        with field(
            "Minutes of quota",
            "f-minutes",
            hint="Held when it is queued; what is not used comes back.",
        ):
            entry("f-minutes", taking("minutes"), inputmode="numeric", placeholder="the time limit")


def _provider_label(row: ProviderRow) -> str:
    away = " · unreachable" if row.unreachable_since else ""
    return f"{row.name} ({row.kind}){away}"


def _resource(key: str, label: str, hint: str, choices: Choices, on_change: Changed) -> None:
    async def take(value: str) -> None:
        choices.resources[key] = value.strip()
        await on_change()

    with field(label, f"f-{key}"):
        entry(f"f-{key}", take, placeholder=f"the task's own, e.g. {hint}")


def _parameter(name: str, definition: ParameterDef, choices: Choices, on_change: Changed) -> None:
    async def take(value: str) -> None:
        choices.parameters[name] = value
        await on_change()

    label = definition.title or name
    default = default_text(definition)
    told = f"{definition.description} ({limits(definition)})".strip()
    with field(label, f"p-{name}", hint=told if definition.description else limits(definition)):
        if definition.type is ParameterType.BOOL and not isinstance(definition.default, list):
            switch(f"p-{name}", "On", take, on=choices.parameters.get(name, default) == "true")
        elif definition.options:
            options = [(_text(o), _text(o)) for o in definition.options]
            choice(f"p-{name}", options, take, value=choices.parameters.get(name, default))
        else:
            entry(f"p-{name}", take, value=choices.parameters.get(name, ""), placeholder=default)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
