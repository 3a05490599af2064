"""A team's picture: what is taken for one, who sets it, and who sees it."""

from __future__ import annotations

import hashlib
import struct

import pytest

from application.actor import system
from application.commands.accounts import found_team, open_session, register_user
from application.commands.logos import LARGEST_BYTES
from application.commands.members import add_member
from application.commands.tokens import issue_token
from application.storage_report import storage_report
from domain.images import JPEG, PNG, Image, image_of
from domain.teams import Role
from tests.graphql_api.rig import PASSWORD, Rig

pytestmark = pytest.mark.postgres

SET = "mutation($s:String!){setTeamLogo(sha256:$s){team{logo}}}"
REMOVE = "mutation{removeTeamLogo{team{logo}}}"


def png(width: int = 64, height: int = 64) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + bytes(9)


def jpeg(width: int, height: int) -> bytes:
    comment = b"\xff\xfe" + struct.pack(">H", 6) + b"hey!"
    return b"\xff\xd8" + comment + b"\xff\xc2" + struct.pack(">HBHH", 11, 8, height, width) + b"\0"


def uploaded(api: Rig, data: bytes, token: str) -> str:
    headers = {"authorization": f"Bearer {token}"}
    api.client.post("/api/files", content=data, headers=headers).raise_for_status()
    return hashlib.sha256(data).hexdigest()


def test_a_picture_is_known_by_its_bytes() -> None:
    assert image_of(png(3, 5)) == Image(media_type=PNG, width=3, height=5)
    assert image_of(jpeg(300, 20)) == Image(media_type=JPEG, width=300, height=20)
    for data in (
        b"",
        b"<svg onload=alert(1)>",
        b"GIF89a",
        png()[:20],
        jpeg(1, 1)[:12],
        b"\xff\xd8\xff",
    ):
        assert image_of(data) is None


def test_members_of_the_team_see_its_picture_and_nobody_else(api: Rig) -> None:
    owner = api.account("boss@logo.example", "logo")
    path = api.data(SET, token=owner.token, s=uploaded(api, png(), owner.token))["setTeamLogo"][
        "team"
    ]["logo"]
    eve = api.account("eve@logo.example", "no logo")
    ben = register_user(api.lab, system("t"), email="ben@logo.example", name="", password=PASSWORD)
    add_member(api.lab, owner.actor, email="ben@logo.example", role=Role.VIEWER)
    found_team(api.lab, system("t"), name="his own", owner=ben)
    api.settle()

    def seen(token: str, **headers: str) -> int:
        answer = api.client.get(path, headers={"authorization": f"Bearer {token}", **headers})
        if answer.status_code == 200:
            assert answer.content == png()
            assert answer.headers["content-type"] == "image/png"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in answer.headers["content-security-policy"]
        return answer.status_code

    assert seen(owner.token) == 200
    session = open_session(api.lab, ben).secret
    own = next(t.id for t in api.queries.teams_of(ben) if t.id != owner.team)
    assert seen(session, **{"x-lab-team": own}) == 200, "the switcher shows it from another team"
    assert seen(eve.token) == 404
    _, elsewhere = issue_token(api.lab, eve.actor, name="x")
    assert seen(elsewhere) == 404
    assert api.client.get(path).status_code == 401
    assert storage_report(api.lab.log, api.lab.blobs).unreferenced == 0

    api.data(REMOVE, token=owner.token)
    assert seen(owner.token) == 404


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "PNG or a JPEG"),
        (png(width=5000), "1024 × 1024"),
        (png(width=0), "1024 × 1024"),
        (png() + bytes(LARGEST_BYTES), "131,072"),
    ],
    ids=["svg", "wide", "empty", "heavy"],
)
def test_what_is_no_small_picture_is_refused(api: Rig, data: bytes, says: str) -> None:
    body = api.ask(SET, s=uploaded(api, data, api.owner.token))
    assert body["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    assert says in body["errors"][0]["message"]


def test_bytes_of_another_team_are_no_picture_of_ours(api: Rig) -> None:
    other = api.account("other@logo.example", "others")
    sha256 = uploaded(api, png(7, 7), other.token)
    assert "Upload its bytes first" in api.ask(SET, s=sha256)["errors"][0]["message"]
