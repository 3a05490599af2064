"""The parts of a launch that a person chooses: parameters by type, provider, machine, minutes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

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
    """One field a parameter; empty means its default. Several values with ``;`` between are a sweep."""
    with card("Parameters"), box("body vcol g4"):
        if not definitions:
            html(empty("No parameters", "This task has none to set.", glyph="tag"), "empty small")
        for name, definition in definitions.items():
            _parameter(name, definition, choices, on_change)
        if definitions:
            told = "Give several values with ; between (0.1; 0.01) and each combination is a job."
            html(told, "t-sm faint", "p")


def where_fields(
    choices: Choices,
    on_change: Changed,
    *,
    providers: Sequence[ProviderRow],
    experiments: Sequence[ExperimentRow],
) -> None:
    """Where it runs and how it is counted."""

    async def take(name: str, value: str) -> None:
        setattr(choices, name, value.strip())
        await on_change()

    usable = [("", "The task's own, else the default")]
    usable += [(p.id, _provider_label(p)) for p in providers if p.enabled]
    homes = [("", "The task's own"), *((e.id, e.name) for e in experiments)]
    with card("Where"), box("body vcol g4"):
        with field("Compute provider", "f-provider"):
            choice("f-provider", usable, partial(take, "provider"), value=choices.provider)
        with field("Experiment", "f-experiment"):
            choice("f-experiment", homes, partial(take, "experiment"), value=choices.experiment)
        with box("pair"):
            for key, label, hint in MACHINE:
                _resource(key, label, hint, choices, on_change)
        with field(
            "Minutes of quota",
            "f-minutes",
            hint="Held when it is queued; what is not used comes back.",
        ):
            entry(
                "f-minutes", partial(take, "minutes"), inputmode="numeric",
                placeholder="the time limit", value=choices.minutes,
            )  # fmt: skip


def _provider_label(row: ProviderRow) -> str:
    away = " · unreachable" if row.unreachable_since else ""
    default = " · default" if row.is_default else ""
    return f"{row.name} ({row.kind}){default}{away}"


def _resource(key: str, label: str, hint: str, choices: Choices, on_change: Changed) -> None:
    async def take(value: str) -> None:
        choices.resources[key] = value.strip()
        await on_change()

    with field(label, f"f-{key}"):
        given = choices.resources.get(key, "")
        entry(f"f-{key}", take, placeholder=f"the task's own, e.g. {hint}", value=given)


def _parameter(name: str, definition: ParameterDef, choices: Choices, on_change: Changed) -> None:
    async def take(value: str) -> None:
        choices.parameters[name] = value.strip()
        await on_change()

    hint = " · ".join(filter(None, (definition.description, limits(definition))))
    given = choices.parameters.get(name, "")
    default = default_text(definition)
    with field(definition.title or name, f"p-{name}", hint=hint):
        if definition.options:
            options = [(str(o), str(o)) for o in definition.options]
            blank = [] if default else [("", "choose")]
            choice(f"p-{name}", [*blank, *options], take, value=given or default)
        elif definition.type is ParameterType.BOOL:
            switch(f"p-{name}", "On", take, on=(given or default) == "true")
        else:
            entry(f"p-{name}", take, placeholder=default, value=given)
