"""Any text is a task or an InvalidTask; hostile values are data or refused in short words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.task_yaml import read_task, to_yaml
from application.yaml_tree import resolve_plain
from domain.errors import InvalidTask
from domain.parameters import ParameterDef, ParameterType, coerce_text, resolve
from domain.task_spec import TaskSpec, parse_task

HOSTILE = (
    "; rm -rf / #",
    "$(id) `id` && id | id > /tmp/x",
    "\x1b[31mred\x1b[0m",
    "<script>alert(1)</script>",
    "a\x00b",
    "\u202egnp.exe",
    "'\"\\",
    "../../etc/passwd",
    "{{secret.A}}{{7*7}}%s{0}",
    "\ud800",
    "x" * 10_000_000,
)
SECTIONS = (
    *("name", "description", "run", "setup", "timeout", "memory", "github_repo_url"),
    *("github_repo_dir", "github_repo_branch", "accelerators", "image", "interactive", "priority"),
)


def outcome(text: str) -> TaskSpec | InvalidTask:
    try:
        return read_task(text)
    except InvalidTask as error:
        return error


def parsed(value: object) -> TaskSpec | InvalidTask:
    try:
        return parse_task(value)
    except InvalidTask as error:
        return error


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("section", SECTIONS)
def test_a_hostile_value_is_data_or_is_refused_shortly(section: str, hostile: str) -> None:
    task: dict[str, object] = {"name": "a", "run": "b", "github_repo_url": "https://h/a/b"}
    if section in ("memory", "accelerators", "image"):
        task["resources"] = {section: hostile}
    else:
        task[section] = hostile
    for answer in (parsed(task), parsed({**task, hostile: hostile, "envs": {hostile: hostile}})):
        if isinstance(answer, InvalidTask):
            assert len(str(answer)) < 3000
            assert "\x1b" not in str(answer)
            assert "\u202e" not in str(answer)
            str(answer).encode()


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_never_breaks_the_reader(hostile: str) -> None:
    for text in (hostile, f"name: {hostile}\nrun: b\n", f"name: a\nrun: '{hostile}'\n"):
        answer = outcome(text)
        assert isinstance(answer, TaskSpec) or len(str(answer)) < 2000


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_parameters_are_data_or_are_refused_shortly(hostile: str) -> None:
    definitions = {kind.value: ParameterDef(type=kind) for kind in ParameterType}
    for name, definition in definitions.items():
        try:
            resolve(definitions, {name: coerce_text(definition, hostile), hostile: hostile})
        except InvalidTask as error:
            assert len(str(error)) < 2000
            str(error).encode()


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"),
        ("no", "no"),
        ("1e-4", 1e-4),
        ("012", "012"),
        ("0o17", 15),
        ("0x1F", 31),
        ("22:30", "22:30"),
        ("2024-01-01", "2024-01-01"),
        ("~", None),
        ("-5", -5),
        (".5", 0.5),
        ("1.", 1.0),
        ("true", True),
    ],
)
def test_plain_scalars_follow_the_core_schema(written: str, value: object) -> None:
    assert resolve_plain(written) == value


def test_a_file_of_more_than_a_mebibyte_is_refused() -> None:
    answer = outcome("name: a\nrun: |\n  " + "x" * 1_048_576)
    assert "1048576 bytes" in str(answer)


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: dict[str, object] = {"name": "a", "run": "b"}
    loop["envs"] = loop
    assert isinstance(parsed(loop), InvalidTask)


def test_a_chain_of_aliases_cannot_exhaust_the_stack() -> None:
    lines = ["a0: &a0 [[[[[[[[[[x]]]]]]]]]]"]
    lines += [f"a{i}: &a{i} [[[[[[[[[[*a{i - 1}]]]]]]]]]]" for i in range(1, 300)]
    assert isinstance(outcome("\n".join(lines)), InvalidTask)


@pytest.mark.parametrize(
    "text",
    [
        "name: a\nrun: b\nx: [" + "a," * 500_000 + "]",
        "\n".join(f"descriptio{i}: x" for i in range(19_000)),
        "name: a\nrun: b\nenvs:\n" + "".join(f"  A{i}: 1\n" for i in range(1001)),
        "name: a\nrun: b\nsweeps:\n  sweep_config:\n"
        + "".join(f"    A{i}: [1]\n" for i in range(51)),
    ],
    ids=["values", "unknown-names", "environment", "sweep"],
)
def test_a_file_of_too_many_values_is_refused(text: str) -> None:
    assert "more than 20000 values" in str(outcome(text)) or "at most" in str(outcome(text))


WORDS = st.sampled_from(
    (
        *("name", "run", "resources", "envs", "parameters", "sweeps", "sweep_config", "any_of"),
        *(": ", "\n", "  ", "- ", "{", "}", "[", "]", "&a", "*a", "<<: ", "|", ">", "!!str ", "#"),
        *("accelerators", "A100:2", "1e-4", "012", "null", "'", '"', "\t", "---", "%", "@", "?"),
    )
)


@given(st.lists(WORDS, max_size=40).map("".join) | st.text())
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_task_or_an_invalid_task(text: str) -> None:
    assert isinstance(outcome(text), TaskSpec | InvalidTask)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    (
        *("resources", "envs", "setup", "github_repo_url", "file_mounts", "parameters", "sweeps"),
        *("timeout", "retries", "priority", "minutes_requested", "interactive", "description"),
    )
)


@given(st.dictionaries(FIELDS, PLAIN, max_size=4))
@settings(max_examples=300, deadline=None)
def test_any_values_are_a_task_or_an_invalid_task(fields: dict[str, object]) -> None:
    assert isinstance(parsed({"name": "a", "run": "b", **fields}), TaskSpec | InvalidTask)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)
SCRIPT = TEXT.filter(lambda t: bool(t.strip()))
SCALARS = st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | TEXT
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TASKS = st.fixed_dictionaries(
    {"name": st.text("ab_-: 'é", min_size=1, max_size=20).filter(str.strip), "run": SCRIPT},
    optional={
        "setup": SCRIPT,
        "description": SCRIPT,
        "envs": st.dictionaries(
            st.from_regex(r"[A-Za-z_]{1,9}", fullmatch=True), st.text("no1.e:#", max_size=9)
        ),
        "parameters": st.dictionaries(
            st.from_regex(r"[a-z]{1,9}", fullmatch=True), SCALARS | NUMBERS | st.lists(NUMBERS)
        ),
        "timeout": st.floats(0.001, 30_000_000),
        "retries": st.integers(0, 100),
        "priority": st.integers(0, 100),
        "interactive": st.booleans(),
        "file_mounts": st.booleans(),
        "resources": st.fixed_dictionaries(
            {},
            optional={
                "cpus": st.floats(0.01, 1000) | st.from_regex(r"[1-9][0-9]?\+", fullmatch=True),
                "memory": st.floats(0.01, 1000)
                | st.from_regex(r"[1-9]{1,4}(\.[0-9]{1,9})?(MB|GB|k)\+", fullmatch=True),
                "disk_space": st.integers(1, 9999),
                "accelerators": st.sampled_from(("A100:2", "cpu", "NVIDIA", "h100")),
                "ports": st.lists(st.integers(1, 65535), max_size=4),
                "spot": st.booleans(),
                "num_nodes": st.integers(1, 1024),
            },
        ),
    },
)


@given(TASKS)
@settings(max_examples=300, deadline=None)
def test_a_task_written_and_read_again_is_the_same(value: dict[str, object]) -> None:
    task = parse_task(value)
    assert read_task(to_yaml(task)) == task
