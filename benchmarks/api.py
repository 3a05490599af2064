"""The API under load, over HTTP against a whole running server: ``python -m benchmarks.api``.

One job fills the Local provider, so that what is queued stays queued. The clients share the two
cores with the server.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.installation import Caller, Installation, installation, wait_until
from benchmarks.result import Row, row, show
from projections.jobs import JOBS_PROJECTION

QUEUE = "mutation($l:Launch!){queueJob(launch:$l){id}}"
QUEUE_MANY = "mutation($l:[Launch!]!){queueJobs(launches:$l){ids}}"
LIST = "query($c:String){jobs(first:50,after:$c){edges{node{id name status queuedAt}} pageInfo{endCursor}}}"
LOG = "subscription($j:ID!){jobLog(job:$j){lines{text}}}"
CHANGES = "subscription{jobsChanged{jobs{id}}}"
CLIENTS = 8
SEED = 50_000
JOBS = JOBS_PROJECTION.table_name("jobs")
COLUMNS = "team, experiment, owner, provider, task, name, priority, spec, attempt, held_s"


def rows(*, quick: bool = False) -> list[Row]:
    scale = 5 if quick else 1
    found: list[Row] = []
    with installation() as lab:
        found += _line_latency(lab, lines=10 if quick else 40)
        found.append(_fan_out(lab, subscribers=1_000 // scale))
        job = _filled(lab)
        try:
            found += _queueing(lab, jobs=1_200 // scale)
            found.append(_listing(lab, job, rows=1_000_000 // scale))
        finally:
            _end(lab, job)
    return found


def _filled(lab: Installation) -> str:
    """A job that holds every core the provider has; those after it wait for room."""
    caller = Caller(lab.port, lab.token)
    provider = caller.ask("{providers{id}}")["providers"][0]["id"]
    offers = caller.ask("query($p:ID!){offers(provider:$p){cpus}}", p=provider)
    cpus = offers["offers"][0]["cpus"]
    launch = {"yaml": f"name: full\nresources: {{cpus: {int(cpus)}}}\nrun: sleep 3600\n"}
    job = str(caller.ask(QUEUE, l=launch)["queueJob"]["id"])
    query = "query($i:ID!){job(id:$i){status}}"
    wait_until(lambda: caller.ask(query, i=job)["job"]["status"] == "RUNNING")
    return job


def _end(lab: Installation, job: str) -> None:
    """Jobs outlive their server: this one is stopped first, and those that wait for it stay queued."""
    caller = Caller(lab.port, lab.token)
    provider = caller.ask("{providers{id}}")["providers"][0]["id"]
    caller.ask("mutation($p:ID!){disableProvider(id:$p){position}}", p=provider)
    caller.ask("mutation($i:ID!){stopJob(id:$i,graceS:0){id}}", i=job)
    query = "query($i:ID!){job(id:$i){status}}"
    wait_until(lambda: caller.ask(query, i=job)["job"]["status"] == "STOPPED")


def _queueing(lab: Installation, jobs: int) -> list[Row]:
    launch = {"yaml": "name: wait\nrun: 'true'\n"}
    floor = _rate(lab, lambda caller: caller.get("/healthz"), times=jobs)
    single = _rate(lab, lambda caller: caller.ask(QUEUE, l=launch), times=jobs)
    many = [launch] * 100
    batch = 100 * _rate(
        lab, lambda caller: caller.ask(QUEUE_MANY, l=many), times=max(2 * CLIENTS, jobs // 50)
    )
    return [
        row("queued singly by 8 clients (jobs/s)", single, floor=floor, budget="> 150"),
        row("queued in batches of 100 (jobs/s)", batch, floor=floor, budget="> 500"),
    ]


def _rate(lab: Installation, act: Callable[[Caller], object], *, times: int) -> float:
    """Calls a second over all clients."""

    def work(_: int) -> None:
        caller = Caller(lab.port, lab.token)
        for _ in range(times // CLIENTS):
            act(caller)

    begun = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CLIENTS)))
    return times // CLIENTS * CLIENTS / (time.perf_counter() - begun)


def _listing(lab: Installation, job: str, *, rows: int) -> Row:
    with psycopg.connect(lab.dsn, autocommit=True) as conn:
        team = _seed(conn, job, rows)
        found = conn.execute(f"select count(*) from lab.{JOBS}").fetchone()
        count = found[0] if found else 0
        plain = f"select id, name, status, queued_at from lab.{JOBS} where team = %s"
        plain += " order by queued_at desc, id desc limit 50"
        floor = _p95_ms(lambda: conn.execute(plain, (team,)).fetchall())
    caller = Caller(lab.port, lab.token)
    pages = _pages(caller)
    ours = _p95_ms(lambda: next(pages))
    return row(f"list 50 of {count:,} jobs, p95 (ms)", ours, floor=floor, budget="< 20 ms")


def _seed(conn: psycopg.Connection[tuple[object, ...]], job: str, rows: int) -> object:
    """Ended jobs of an older month beside ``job``, as many as 45 seconds allow; their team."""
    insert = (
        f"insert into lab.{JOBS} (id, position, status, queued_at, ended_at, {COLUMNS})"
        " select 'job_' || lpad(g::text, 32, '0'), 1, 'COMPLETE',"
        " now() - interval '60 days' - g * interval '1 second',"
        f" now() - interval '60 days', {COLUMNS}"
        f" from lab.{JOBS}, generate_series(%s::bigint, %s::bigint) g where id = %s"
    )
    end = time.monotonic() + 45
    for first in range(1, rows, SEED):
        if time.monotonic() > end:
            break
        conn.execute(insert, (first, min(first + SEED - 1, rows), job))
    conn.execute(f"analyze lab.{JOBS}")
    found = conn.execute(f"select team from lab.{JOBS} where id = %s", (job,)).fetchone()
    return found[0] if found else None


def _pages(caller: Caller) -> Iterator[str]:
    cursor = None
    while True:
        cursor = caller.ask(LIST, c=cursor)["jobs"]["pageInfo"]["endCursor"]
        yield str(cursor)


def _p95_ms(act: Callable[[], object], *, times: int = 100) -> float:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        taken.append(1000 * (time.perf_counter() - begun))
    return statistics.quantiles(taken, n=20)[-1]


def _fan_out(lab: Installation, *, subscribers: int) -> Row:
    ours = asyncio.run(_told_ms(lab, subscribers))
    alone = asyncio.run(_told_ms(lab, 1))
    name = f"event to {subscribers:,} subscribers, the last (ms)"
    return row(name, ours, floor=alone, budget="< 300 ms")


async def _told_ms(lab: Installation, subscribers: int) -> float:
    """From the mutation's request until the last socket has the news; the median of five."""
    sockets: list[ClientConnection] = []
    for _ in range(subscribers):
        sockets.append(await _subscribed(lab))  # noqa: PERF401  # one after the other, on purpose
    taken = []
    for _ in range(5):
        begun = time.perf_counter()
        heard = [asyncio.ensure_future(socket.recv()) for socket in sockets]
        caller = Caller(lab.port, lab.token)
        await asyncio.to_thread(caller.ask, QUEUE, l={"yaml": "name: n\nrun: 'true'\n"})
        await asyncio.gather(*heard)
        taken.append(1000 * (time.perf_counter() - begun))
        await _drained(sockets)
    for socket in sockets:
        socket.transport.abort()
    return statistics.median(taken)


async def _subscribed(lab: Installation) -> ClientConnection:
    url = f"ws://127.0.0.1:{lab.port}/graphql"
    socket = await connect(url, subprotocols=["graphql-transport-ws"], compression=None)  # type: ignore[list-item]  # a NewType of str
    auth = {"authorization": f"Bearer {lab.token}"}
    await socket.send(json.dumps({"type": "connection_init", "payload": auth}))
    await socket.recv()
    ask = {"type": "subscribe", "id": "1", "payload": {"query": CHANGES}}
    await socket.send(json.dumps(ask))
    await socket.recv()  # where it begins
    return socket


async def _drained(sockets: list[ClientConnection]) -> None:
    """Read until a second has passed without news."""
    quiet = False
    while not quiet:
        try:
            await asyncio.wait_for(sockets[-1].recv(), 1)
        except TimeoutError:
            quiet = True
    for socket in sockets[:-1]:
        while True:
            try:
                await asyncio.wait_for(socket.recv(), 0.001)
            except TimeoutError:
                break


def _line_latency(lab: Installation, *, lines: int) -> list[Row]:
    caller = Caller(lab.port, lab.token)
    talk = f"sleep 2; for i in $(seq {lines}); do date +%s%N; sleep 0.15; done"
    job = caller.ask(QUEUE, l={"yaml": f"name: talk\nrun: {talk}\n"})["queueJob"]["id"]
    headers = {"authorization": f"Bearer {lab.token}", "accept": "text/event-stream"}
    body = {"query": LOG, "variables": {"j": job}}
    taken: list[float] = []
    url = f"http://127.0.0.1:{lab.port}/graphql"
    with httpx.stream("POST", url, json=body, headers=headers, timeout=60) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: {"):
                now = time.time_ns()
                chunk = json.loads(line.removeprefix("data: "))["data"]["jobLog"]
                taken += [(now - int(found["text"])) / 1e6 for found in chunk["lines"]]
    floor = statistics.median(_piped_ms())
    return [
        row(
            "log line to SSE subscriber, p50 (ms)",
            statistics.median(taken),
            floor=floor,
            budget="< 250 ms",
        ),
        row("log line to SSE subscriber, worst (ms)", max(taken), floor=floor, budget="none"),
    ]


def _piped_ms() -> Iterator[float]:
    """The same lines over a bare pipe."""
    argv = ["bash", "-c", "for i in 1 2 3 4 5; do date +%s%N; sleep 0.15; done"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as talker:
        assert talker.stdout is not None
        for line in talker.stdout:
            yield (time.time_ns() - int(line)) / 1e6


if __name__ == "__main__":
    show(rows())
