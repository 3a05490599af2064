"""Uploads a run that was recorded offline, through the same shipper a node uses.

The server makes an imported job for it (``POST /node/v1/runs``); repeating a sync continues it.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path

from lab.config import read_parameters
from lab.node.asking import Unreachable
from lab.node.records import NodeRecords
from lab.node.shipper import Address, Shipper
from lab.node.transport import Connection
from lab.node.uploader import Uploader
from lab.recorded import confirmed_saves, end_run, still_runs


class SyncRefusedError(Exception):
    """The server did not take the run; the message holds its reason."""


@dataclass(frozen=True, kw_only=True)
class ImportedJob:
    """What the server made for an offline run."""

    job_id: str
    attempt: int
    job_token: str


def sync_run(run_dir: Path, *, server_url: str, token: str) -> ImportedJob:
    """Send everything in ``run_dir``; ``token`` is a person's.

    What led to the end is sent before the end. A run that was killed is ended here, by what it
    recorded; one that still runs is not. Raises Unreachable when the server cannot be asked at
    first; from then on it waits for it. Raises SyncRefusedError when it does not want the run. May
    be repeated: what the server has is not sent again.
    """
    job = import_run(run_dir, Connection(server_url, token))
    nothing_more = threading.Event()
    nothing_more.set()
    changed = threading.Event()
    shipper = Shipper(
        Address(run_dir=run_dir, attempt=job.attempt, node=0),
        Connection(server_url, job.job_token),
        changed=changed,
        on_stop=lambda stop: None,
    )
    shipper.run(nothing_more)
    if not still_runs(run_dir):
        end_run(run_dir)
    _upload(run_dir, Connection(server_url, job.job_token), until=nothing_more)
    shipper.run(nothing_more)
    return job


def import_run(run_dir: Path, connection: Connection) -> ImportedJob:
    """Ask for a job, with the folder's name as the idempotency key."""
    about = json.loads((run_dir / "run.json").read_text("utf-8"))
    ask = {"key": run_dir.name, **about, "parameters": read_parameters(run_dir)}
    answer = connection.post_json("/node/v1/runs", ask)
    if answer.status != 200:
        error = answer.body.get("error") or {}
        told = error.get("message", "") if isinstance(error, dict) else error
        raise SyncRefusedError(str(told) or f"the server answered {answer.status}")
    return ImportedJob(
        job_id=str(answer.body["job_id"]),
        attempt=int(answer.body["attempt"]),
        job_token=str(answer.body["job_token"]),
    )


def _upload(run_dir: Path, connection: Connection, *, until: threading.Event) -> None:
    records = NodeRecords(run_dir, changed=threading.Event())
    told = confirmed_saves(run_dir)
    Uploader(run_dir, records, connection=connection, told=told).run(until)
    connection.close()


__all__ = ["ImportedJob", "SyncRefusedError", "Unreachable", "import_run", "sync_run"]
