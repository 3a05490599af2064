"""``lab audit``: read, follow, export, verify and replay, as an auditor does it."""

from __future__ import annotations

import csv
import json
import secrets
import subprocess
from collections.abc import Callable

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import sql

from lab.cli.audit_file import verify
from lab.cli.ed25519 import holds
from projections.jobs import JOBS_PROJECTION
from tests.graphql_api.rig import Rig
from tests.lab.shell import Shell

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("cli")]


@pytest.fixture
def export(api: Rig, shell: Shell) -> list[str]:
    """The lines of an export of everything."""
    api.queue()
    api.settle()
    shell.ok("audit", "export", "-o", "audit.jsonl")
    return (shell.home / "audit.jsonl").read_text("utf-8").splitlines()


def test_events_are_listed_with_their_sentences_and_filtered(api: Rig, shell: Shell) -> None:
    job = api.queue()
    api.settle()
    told = shell.ok("audit", "list", "--job", job)
    assert "Queued; 60 minutes of quota are held." in told
    rows = shell.json("audit", "list", "--kind", "job", "-n", "1")
    assert [row["name"] for row in rows] == ["job.queued.v1"]
    assert shell.json("audit", "list", "--actor", api.owner.email, "-n", "3")
    assert '"hold"' in shell.ok("audit", "list", "--job", job, "--raw")
    assert shell.ok("audit", "list", "--kind", "nonsense") == "(none)\n"
    shell.fails(4, "audit", "list", "--actor", "stranger")
    assert "no moment" in shell.fails(2, "audit", "list", "--since", "whenever")
    assert shell.json("audit", "list", "--until", "yesterday") == []


def test_events_are_followed_as_they_are_recorded(api: Rig, shell: Shell) -> None:
    api.settle()
    after = str(api.lab.log.head())
    argv = shell.argv("audit", "follow", "--after", after, "--name", "job.queued", "--json")
    with subprocess.Popen(
        argv, env=shell.env, cwd=shell.home, stdout=subprocess.PIPE, text=True
    ) as following:
        job = api.queue()
        assert following.stdout is not None
        row = json.loads(following.stdout.readline())
        following.terminate()
    assert (row["name"], row["stream"]) == ("job.queued.v1", job)


def test_an_export_is_verified_without_the_server_and_leaves_a_trace(
    api: Rig, shell: Shell, export: list[str]
) -> None:
    told = shell.ok("audit", "verify", "audit.jsonl", "--server", "http://127.0.0.1:1")
    assert "as they were exported: yes" in told
    api.settle()
    rows = shell.json("audit", "list", "--name", "audit.exported", "-n", "1")
    assert rows[0]["by"].startswith("user:")
    positions = [json.loads(line)["position"] for line in export[1:-1]]
    assert positions == sorted(positions)


EDITS: dict[str, Callable[[list[str], int], list[str]]] = {
    "one byte of its content": lambda lines, n: _edit(
        lines, n, lambda row: row | {"state": row["state"].replace('"', "'", 1)}
    ),
    "who did it": lambda lines, n: _edit(lines, n, lambda row: row | {"by": "user:other"}),
    "its time": lambda lines, n: _edit(
        lines, n, lambda row: row | {"recorded_at": row["recorded_at"] + 1}
    ),
    "its sentence": lambda lines, n: _edit(lines, n, lambda row: row | {"sentence": "Nothing."}),
    "dropped": lambda lines, n: [*lines[:n], *lines[n + 1 :]],
    "doubled": lambda lines, n: [*lines[: n + 1], *lines[n:]],
    "moved": lambda lines, n: [*lines[:n], lines[n + 1], lines[n], *lines[n + 2 :]],
}


def _edit(lines: list[str], n: int, change: Callable[[dict[str, object]], object]) -> list[str]:
    return [*lines[:n], json.dumps(change(json.loads(lines[n]))), *lines[n + 1 :]]


@pytest.mark.parametrize("edit", EDITS)
def test_what_was_changed_in_an_export_is_named_by_position(
    shell: Shell, export: list[str], edit: str
) -> None:
    n = len(export) // 2
    near = [json.loads(export[i])["position"] for i in (n, n + 1)]
    verdict = verify(iter(EDITS[edit](export, n)))
    assert not verdict.good
    assert verdict.breaks
    assert verdict.breaks[0] in near
    (shell.home / "bad.jsonl").write_text("\n".join(EDITS[edit](export, n)), "utf-8")
    assert shell.run("audit", "verify", "bad.jsonl").returncode == 1


def test_an_export_that_was_cut_off_or_sealed_by_another_is_not_good(export: list[str]) -> None:
    assert not verify(iter(export[:-1])).good
    other = Ed25519PrivateKey.generate()
    last = json.loads(export[-1])
    signed = other.sign(b"something else").hex()
    assert not verify(iter([*export[:-1], json.dumps(last | {"signature": signed})])).good


def test_what_is_no_export_is_refused(shell: Shell) -> None:
    (shell.home / "other.jsonl").write_text("{}\n")
    assert "no exported audit log" in shell.fails(2, "audit", "verify", "other.jsonl")
    shell.fails(1, "audit", "verify", "absent.jsonl")


def test_a_table_for_spreadsheets_computes_nothing(api: Rig, shell: Shell) -> None:
    shell.ok("experiment", "create", "=cmd()")
    api.settle()
    shell.ok("audit", "export", "--format", "csv", "--kind", "experiment", "-o", "audit.csv")
    rows = list(csv.DictReader((shell.home / "audit.csv").read_text("utf-8").splitlines()))
    assert any("=cmd()" in row["sentence"] for row in rows)
    assert not any(cell.startswith("=") for row in rows for cell in row.values())


def test_the_chain_is_verified_and_its_signed_heads_are_remembered(api: Rig, shell: Shell) -> None:
    *_, verdict = api.parts.proofs.verify()
    assert api.parts.proofs.sign(verdict)
    assert not api.parts.proofs.sign(verdict)
    told = shell.ok("audit", "verify")
    assert "as it was recorded: yes" in told
    assert "1 signed heads" in told
    kept = shell.home / "config" / "heads.json"
    (position,) = json.loads(kept.read_text())[api.url]
    kept.write_text(json.dumps({api.url: {position: "00" * 32}}))
    assert "was another when it was seen from here" in shell.run("audit", "verify").stdout


def test_a_hand_edited_read_model_is_named_by_row_and_column(api: Rig, shell: Shell) -> None:
    job = api.queue()
    api.settle()
    assert "as the log makes it" in shell.ok("audit", "replay")
    name = JOBS_PROJECTION.table_name("jobs")
    table = sql.Identifier(api.parts.settings.schema, name)
    with psycopg.connect(api.parts.dsn, autocommit=True) as conn:
        conn.execute(sql.SQL("update {} set priority = 99 where id = %s").format(table), (job,))
        done = shell.run("audit", "replay")
        assert done.returncode == 1
        assert f"jobs.priority of {job}: stored '99', replayed '50'" in done.stdout
        before = shell.run("audit", "replay", "--to", "1")
        assert "priority" not in before.stdout
        conn.execute(sql.SQL("update {} set priority = 50 where id = %s").format(table), (job,))
    assert shell.json("audit", "replay", "--to", "yesterday")[0]["position"] == 0


def test_signatures_are_good_or_not_as_another_library_says() -> None:
    for size in (0, 1, 63, 200):
        private = Ed25519PrivateKey.generate()
        key = private.public_key().public_bytes_raw().hex()
        message = secrets.token_bytes(size)
        signature = private.sign(message).hex()
        assert holds(key, message, signature)
        assert not holds(key, message + b"x", signature)
        assert not holds(key, message, signature[:-2] + ("00" if signature[-2:] != "00" else "01"))
    assert not holds("zz", b"", "00" * 64)
    assert not holds("00" * 31, b"", "00" * 64)
