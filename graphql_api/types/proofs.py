"""Proofs over the whole log, as the API shows them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from application.proofs import Head, Told, Verdict
from graphql_api.scalars import Long


@strawberry.type(
    description="How far the hash chain was computed anew, and where it does not hold."
)
class ChainVerdict:
    rows: Long
    position: Long
    head: str
    breaks: list[Long] = strawberry.field(description="The first hundred positions.")
    done: bool

    @classmethod
    def of(cls, verdict: Verdict, *, done: bool) -> ChainVerdict:
        return cls(
            rows=Long(verdict.rows),
            position=Long(verdict.position),
            head=verdict.head,
            breaks=[Long(position) for position in verdict.breaks],
            done=done,
        )


@strawberry.type(description="A head of the chain that was signed (Ed25519), in hex.")
class SignedHead:
    position: Long
    hash: str
    signed_at: datetime
    key: str
    signature: str = strawberry.field(
        description="Over `labledger head`, the position and the hash, a line each."
    )
    holds: bool = strawberry.field(description="Whether the log has that hash there now.")

    @classmethod
    def of(cls, head: Head) -> SignedHead:
        fact = head.signed
        return cls(
            position=Long(fact.position),
            hash=fact.hash,
            signed_at=fact.at,
            key=fact.key,
            signature=fact.signature,
            holds=head.holds,
        )


@strawberry.type(description="One cell that is not what the log makes of it.")
class WrongCell:
    table: str
    key: str
    column: str
    stored: str | None
    replayed: str | None


@strawberry.type(
    description="A read model folded anew and compared: the cells of your team that differ."
)
class ReplayedModel:
    name: str
    position: Long
    cells: list[WrongCell]
    others: int = strawberry.field(description="How many cells of others differ.")

    @classmethod
    def of(cls, told: Told, others: int) -> ReplayedModel:
        def text(value: object) -> str | None:
            return None if value is None else str(value)

        cells = [
            WrongCell(
                table=d.table,
                key=d.key,
                column=d.column,
                stored=text(d.live),
                replayed=text(d.rebuilt),
            )
            for d in told.differences
        ]
        return cls(name=told.name, position=Long(told.position), cells=cells, others=others)
