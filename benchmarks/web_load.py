"""A hundred open job pages with live logs, and twice five hundred opened and closed: memory, and the loop's lag."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

import aiohttp

from benchmarks.installation import EMAIL, PASSWORD, Caller, Installation
from benchmarks.result import Row, row
from benchmarks.startup import family, pss_mb
from benchmarks.web_clients import Opened, open_page

CHATTY = """name: chatty
resources: {cpus: 1}
run: |
  python -u -c "
  import time
  for n in range(%d):
      print('line', n, flush=True)
      time.sleep(0.5)"
"""
QUEUE = "mutation($l:Launch!){queueJob(launch:$l){id}}"
AT_ONCE = 10
EVERY_S = 1.0
"""Between two lots: the server holds as many closed pages in the first five hundred as in the second."""
FORGOTTEN_S = 26.0
"""NiceGUI holds a page for ``reconnect_timeout`` (20 s) after its socket is gone."""


def load_rows(installed: Installation, floor: float, *, quick: bool) -> list[Row]:
    pages, cycles = (30, 100) if quick else (100, 500)
    caller = Caller(installed.port, installed.token)
    yaml = CHATTY % (120 if quick else 400)
    job = caller.ask(QUEUE, l={"yaml": yaml})["queueJob"]["id"]
    return asyncio.run(_measured(installed, job, floor, pages=pages, cycles=cycles))


async def _measured(
    installed: Installation, job: str, floor: float, *, pages: int, cycles: int
) -> list[Row]:
    base, web = f"http://127.0.0.1:{installed.port}", _web(installed.pid)
    cookie = await _signed_in(base)
    path = f"/jobs/{job}/logs"
    for one in await _open(base, path, cookie, 5):  # what is made once is made
        await one.close()
    await asyncio.sleep(FORGOTTEN_S)
    before = pss_mb(web)
    opened = await _open(base, path, cookie, pages)
    await asyncio.sleep(3)
    lag = await _lag(base, seconds=15)
    during = pss_mb(web)
    told = sum(one.messages[0] for one in opened) / pages
    for one in opened:
        await one.close()
    await asyncio.sleep(FORGOTTEN_S)
    first, more = await _cycles(base, path, cookie, web, cycles)
    each = (during - before) / pages
    return [
        row(
            f"{pages} job pages with live logs, memory each (MB)", each, floor=0.5, budget="< 2 MB"
        ),
        row(
            f"{pages} job pages, event loop answers in, p99 (ms)",
            lag,
            floor=floor,
            budget="< 50 ms",
        ),
        row(f"{pages} job pages, messages each in 18 s", told, floor=1, budget="none"),
        row(f"memory grown over {cycles} opened and closed (MB)", first, floor=1, budget="none"),
        row(f"memory grown over {cycles} more (MB)", more, floor=1, budget="< 20 MB"),
    ]


async def _open(base: str, path: str, cookie: str, count: int) -> list[Opened]:
    found: list[Opened] = []
    for _ in range(0, count, AT_ONCE):
        some = min(AT_ONCE, count - len(found))
        found += await asyncio.gather(*(open_page(base, path, cookie) for _ in range(some)))
    return found


async def _lag(base: str, *, seconds: float) -> float:
    """How long the loop takes to answer ``/healthz``, which asks nothing: p99 in ms."""
    taken = []
    async with aiohttp.ClientSession() as session:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            begun = time.perf_counter()
            async with session.get(f"{base}/healthz") as answer:
                await answer.read()
            taken.append(1000 * (time.perf_counter() - begun))
            await asyncio.sleep(0.02)
    return statistics.quantiles(taken, n=100)[98]


async def _cycles(base: str, path: str, cookie: str, web: int, cycles: int) -> tuple[float, float]:
    """MB that are not given back: after ``cycles``, and after as many again.

    The first says how many closed pages were held at once, for allocators keep what was needed once;
    what leaks goes on growing in the second.
    """
    before = pss_mb(web)
    after = []
    for _ in range(2):
        await _open_and_close(base, path, cookie, cycles)
        await asyncio.sleep(FORGOTTEN_S)
        after.append(pss_mb(web))
    return after[0] - before, after[1] - after[0]


async def _open_and_close(base: str, path: str, cookie: str, count: int) -> None:
    for _ in range(0, count, AT_ONCE):
        due = time.perf_counter() + EVERY_S
        some = await _open(base, path, cookie, AT_ONCE)
        await asyncio.sleep(0.2)
        for one in some:
            await one.close()
        await asyncio.sleep(max(0.0, due - time.perf_counter()))


async def _signed_in(base: str) -> str:
    """The session cookie's value."""
    form = {"email": EMAIL, "password": PASSWORD}
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, headers={"origin": base}) as session:
        async with session.post(f"{base}/login", data=form, allow_redirects=False) as answer:
            await answer.read()
        return next(cookie.value for cookie in jar if cookie.key == "lab_session")


def _web(supervisor: int) -> int:
    for pid in family(supervisor):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"web" in words:
            return pid
    raise LookupError("no web process")
