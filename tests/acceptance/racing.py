"""A process of clients that race for quota: ``python -m tests.acceptance.racing``, its ``Race`` as JSON on stdin.

Every wish has a key and is asked again, at another web process, until somebody answers it. Answers
on stdout with a ``Told``.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from itertools import count

import httpx
import msgspec

from tests.acceptance.client import Client, Refused, yaml_of

ASK = "mutation($l:[Launch!]!,$k:String!){queueJobs(launches:$l,idempotencyKey:$k){ids}}"
PATIENCE_S = 60


class Race(msgspec.Struct, frozen=True):
    """``ports`` of the web processes; each client has one of ``tokens`` and asks ``wishes`` times."""

    ports: list[int]
    tokens: list[str]
    seed: int
    clients: int
    wishes: int


class Told(msgspec.Struct):
    """Ids of accepted jobs by key; wishes refused for quota; answers that never came."""

    accepted: dict[str, list[str]] = msgspec.field(default_factory=dict)
    refused: int = 0
    broken: int = 0


def run(race: Race) -> Told:
    """The clients, each in a thread of its own."""
    told, lock = Told(), threading.Lock()
    threads = [
        threading.Thread(target=_client, args=(race, number, told, lock))
        for number in range(race.clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def _client(race: Race, number: int, told: Told, lock: threading.Lock) -> None:
    dice = random.Random(f"{race.seed}/{number}")
    token = race.tokens[number % len(race.tokens)]
    for wish in range(race.wishes):
        key = f"{race.seed}-{number}-{wish}"
        launch = {"yaml": yaml_of("true"), "minutesRequested": dice.randint(1, 10)}
        jobs = dice.choice((1, 1, 1, 3))
        ids, broken = _ask(race, token, [launch] * jobs, key=key, first=dice.randrange(2))
        with lock:
            told.broken += broken
            if ids:
                told.accepted[key] = ids
            else:
                told.refused += 1


def _ask(
    race: Race, token: str, launches: list[dict[str, object]], *, key: str, first: int
) -> tuple[list[str], int]:
    """Ids, none when refused, and how often nobody answered."""
    end = time.monotonic() + PATIENCE_S
    for broken in count():
        port = race.ports[(first + broken) % len(race.ports)]
        try:
            with Client(port, token) as client:
                return client.ask(ASK, l=launches, k=key)["queueJobs"]["ids"], broken
        except httpx.TransportError:
            assert time.monotonic() < end, "nobody answers"
            time.sleep(0.02)
        except Refused as refused:
            if refused.code == "QUOTA_EXCEEDED":
                return [], broken
            assert refused.code == "STORE_UNAVAILABLE", refused
    raise AssertionError


if __name__ == "__main__":
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Race)
    sys.stdout.buffer.write(msgspec.json.encode(run(asked)))
