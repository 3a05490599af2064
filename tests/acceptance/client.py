"""What a client of the API does: asks with a token, and asks again with the same key after a break."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx

QUEUE = "mutation($l:Launch!,$k:String!){queueJob(launch:$l,idempotencyKey:$k){id}}"
QUEUE_MANY = "mutation($l:[Launch!]!){queueJobs(launches:$l){ids}}"


class Refused(Exception):
    """The first error of an answer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One operation and its variables."""

    query: str
    variables: dict[str, object]


class Client:
    """Over one kept-alive connection; belongs to one thread."""

    def __init__(self, port: int, token: str = "", *, timeout_s: float = 30) -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """The answer's data. ``Refused``, or httpx's error when nobody answers."""
        answer = self.http.post("/graphql", json={"query": query, "variables": variables})
        body = answer.json()
        if body.get("errors"):
            first = body["errors"][0]
            raise Refused(first["extensions"]["code"], first["message"])
        data: dict[str, Any] = body["data"]
        return data

    def persist(
        self, asked: Asked, *, meanwhile: Callable[[], None] = lambda: None, patience_s: float = 40
    ) -> dict[str, Any]:
        """Ask until it is answered, whatever breaks; ``meanwhile`` is called after each break."""
        end = time.monotonic() + patience_s
        while True:
            try:
                return self.ask(asked.query, **asked.variables)
            except httpx.TransportError:
                assert time.monotonic() < end, "nobody answers"
            except Refused as refused:
                assert refused.code == "STORE_UNAVAILABLE", refused
                assert time.monotonic() < end, str(refused)
            meanwhile()
            time.sleep(0.05)

    def queue(
        self, run: str, *, key: str, meanwhile: Callable[[], None] = lambda: None, **yaml: object
    ) -> str:
        """The id of a job that is acknowledged."""
        asked = Asked(query=QUEUE, variables={"l": {"yaml": yaml_of(run, **yaml)}, "k": key})
        return str(self.persist(asked, meanwhile=meanwhile)["queueJob"]["id"])

    def status(self, job: str) -> str:
        asked = Asked(query="query($i:ID!){job(id:$i){status}}", variables={"i": job})
        return str(self.persist(asked)["job"]["status"])


def yaml_of(run: str, **yaml: object) -> str:
    """A task file that runs the lines of ``run``."""
    block = "\n".join(f"  {line}" for line in run.splitlines())
    more = "\n".join(f"{key}: {value}" for key, value in yaml.items())
    return f"name: t\nrun: |\n{block}\n{more}\n"
