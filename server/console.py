"""What the console does with the log: verify, export, archive, replay, rebuild. Each is one function.

Not here: which command it is, and opening the database (``server/__main__.py``).
"""

from __future__ import annotations

import argparse
import json

import psycopg
from msgspec import to_builtins

from domain.errors import InvalidInput
from projections import past_ddl
from projections.catalogue import PROJECTIONS
from projections.projector import END
from projections.rebuild import rebuild
from server.archive import archive, check_archive
from server.bootstrap import System
from server.postgres.chain import check, exported, formulas, imported, stored

COMMANDS = ("export-log", "archive-log", "verify", "replay", "rebuild")


def verify_file(name: str) -> int:
    """1 when a row of an export is not as it was recorded. ``InvalidInput`` for a file that is none."""
    try:
        with open(name, encoding="utf-8") as lines:  # noqa: PTH123  # a name as typed
            verdict = check(*imported(lines))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(field="--file", value=name, way_out=f"{error}.") from error
    _print(to_builtins(verdict))
    return 1 if verdict.breaks else 0


def verify(parts: System, arguments: argparse.Namespace) -> int:
    """1 when a row of the log, or of its archive, is not as it was recorded; else its head is signed."""
    if arguments.archive:
        return _verify_archive(parts)
    *_, verdict = parts.proofs.verify()
    signed = parts.proofs.sign(verdict) if arguments.sign else False
    _print(to_builtins(verdict) | {"signed": signed})
    return 1 if verdict.breaks else 0


def export_log(parts: System, _: argparse.Namespace) -> int:
    schema = parts.settings.schema
    with psycopg.connect(parts.dsn) as conn:
        for line in exported(stored(conn, schema), formulas(conn, schema)):
            print(line)  # noqa: T201
    return 0


def archive_log(parts: System, _: argparse.Namespace) -> int:
    """Copy what is new of the log to the artifact store."""
    lab = parts.lab
    made = archive(parts.dsn, parts.settings.schema, log=lab.log, blobs=lab.blobs)
    for piece in made:
        _print({k: getattr(piece, k) for k in ("first", "last", "rows", "sha256")})
    print(f"{sum(piece.rows for piece in made)} rows were archived; none was removed.")  # noqa: T201
    return 0


def replay(parts: System, arguments: argparse.Namespace) -> int:
    """1 when a cell of a read model is not what the log makes of it."""
    found = 0
    for told in parts.proofs.replay(arguments.to):
        found += len(told.differences)
        print(json.dumps(to_builtins(told), default=str))  # noqa: T201
    return 1 if found else 0


def rebuild_model(parts: System, arguments: argparse.Namespace) -> int:
    """A read model, or the versions that its past is asked of."""
    projection = next(p for p in PROJECTIONS if p.name == arguments.name)
    with psycopg.connect(parts.dsn, autocommit=True) as conn:
        if arguments.past:
            past_ddl.begin_again(conn, projection, parts.settings.schema)
            print(f"The past of {projection.name} is kept anew by the worker.")  # noqa: T201
            return 0
        position = rebuild(conn, projection, parts.settings.schema)
    print(f"{projection.name} was rebuilt to position {position}.")  # noqa: T201
    return 0


def configure(parts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands about the log; each carries its function as ``on_log``."""
    parts.add_parser(
        "export-log", help="the whole log as JSON lines, to be verified anywhere"
    ).set_defaults(on_log=export_log)
    parts.add_parser(
        "archive-log", help="copy what is new of the log to the artifact store; nothing is removed"
    ).set_defaults(on_log=archive_log)
    chain = parts.add_parser("verify", help="the log's hash chain; 1 when a row is not as recorded")
    chain.add_argument("--file", help="an export instead of the database")
    chain.add_argument("--archive", action="store_true", help="the archived pieces instead")
    chain.add_argument("--sign", action="store_true", help="sign the head when it holds")
    chain.set_defaults(on_log=verify)
    twin = parts.add_parser("replay", help="fold the log anew beside the read models and compare")
    twin.add_argument(
        "--to", type=int, default=END, metavar="POSITION", help="no further than this"
    )
    twin.set_defaults(on_log=replay)
    again = parts.add_parser("rebuild", help="fold a read model anew from the log and swap it in")
    again.add_argument("name", choices=[p.name for p in PROJECTIONS])
    again.add_argument("--past", action="store_true", help="its versions instead, for --as-of")
    again.set_defaults(on_log=rebuild_model)


def _verify_archive(parts: System) -> int:
    found = 0
    for piece, verdict in check_archive(parts.lab.log, parts.lab.blobs):
        found += len(verdict.breaks)
        _print({"first": piece.first, "last": piece.last, "breaks": list(verdict.breaks)})
    return 1 if found else 0


def _print(value: object) -> None:
    print(json.dumps(value, indent=2))  # noqa: T201
