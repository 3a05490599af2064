"""What the address of the jobs page says: filters, order, page. Pure, so that copying it is sharing."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from projections.job_lists import SORTS, JobFilter, JobOrder
from ui.theme.status import STATUS

LONGEST = 200
PAGE = "/jobs"


class JobsView(msgspec.Struct, frozen=True, kw_only=True):
    """``star`` and ``hidden`` are ``1`` or empty. ``desc`` is ``0`` for the least first."""

    status: str = ""
    q: str = ""
    experiment: str = ""
    provider: str = ""
    owner: str = ""
    task: str = ""
    tag: str = ""
    star: str = ""
    hidden: str = ""
    sort: str = ""
    desc: str = ""
    after: str = ""

    def where(self, me: str) -> JobFilter:
        return JobFilter(
            statuses=(self.status,) if self.status else (),
            text=self.q,
            experiment=self.experiment,
            provider=self.provider,
            owner=self.owner,
            task=self.task,
            tag=self.tag,
            starred_by=me if self.star else "",
            hidden=bool(self.hidden),
        )

    @property
    def order(self) -> JobOrder:
        return JobOrder(by=self.sort or "queued", descending=self.desc != "0")

    @property
    def filters(self) -> str:
        """What a kept view keeps: everything but the page."""
        given = msgspec.structs.asdict(replace(self, after=""))
        return urlencode({k: v for k, v in given.items() if v})

    @property
    def address(self) -> str:
        given = {k: v for k, v in msgspec.structs.asdict(self).items() if v}
        return f"{PAGE}?{urlencode(given)}" if given else PAGE


def asked(parameters: Mapping[str, str]) -> JobsView:
    """The view an address asks for; an unknown status or order asks for nothing."""
    known = {f: str(parameters.get(f, ""))[:LONGEST] for f in JobsView.__struct_fields__}
    known["status"] = known["status"] if known["status"] in STATUS else ""
    known["sort"] = known["sort"] if known["sort"] in SORTS and known["sort"] != "queued" else ""
    return JobsView(**{k: v.replace("\0", "") for k, v in known.items()})
