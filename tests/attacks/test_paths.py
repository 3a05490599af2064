"""Files that want to lie outside of the folder they belong to."""

from __future__ import annotations

import hashlib
import tarfile

import pytest

from application.task_files import MOST_FILE_BYTES
from domain.teams import Role
from tests.attacks.conftest import Noted
from tests.fakes.archives import tarred, zipped
from tests.graphql_api.rig import TASK, Rig
from tests.graphql_api.test_permission_matrix import Team

pytestmark = pytest.mark.postgres

PATHS = ["../x", "/etc/passwd", "a/../../x", "..\\x", "~/x", "-rf", "a\nb", ""]


@pytest.mark.parametrize("path", PATHS)
def test_a_file_outside_its_folder_is_no_part_of_a_task_and_noted(
    api: Rig, ours: Team, noted: Noted, path: str
) -> None:
    token = ours.token(Role.OWNER)
    headers = {"authorization": f"Bearer {token}"}
    api.client.post("/api/files", content=b"x", headers=headers).raise_for_status()
    file = {"path": path, "sha256": hashlib.sha256(b"x").hexdigest(), "size": 1}
    launch = "mutation($l:Launch!){queueJob(launch:$l){id}}"
    asked = {"yaml": TASK, "files": [file]}
    assert api.code(launch, token=token, l=asked) in ("INVALID_INPUT", "INVALID_TASK")
    save = (
        'mutation($f:[FileInput!]!,$y:String!){createTask(experiment:"alpha",yaml:$y,files:$f){id}}'
    )
    assert api.code(save, token=token, f=[file], y=TASK) in ("INVALID_INPUT", "INVALID_TASK")
    assert noted("OUTSIDE_PATH").startswith(
        f"OUTSIDE_PATH: user:{ours.users[Role.OWNER]} asked for"
    )


TASK_FILE = ("task.yaml", TASK.encode())
OUTSIDE = [
    zipped(TASK_FILE, ("../../evil.py", b"x")),
    tarred(TASK_FILE, ("/etc/cron.d/evil", b"x")),
    zipped(("evil", b"/etc/passwd"), mode=0o120777),
    tarred(("evil", b""), kind=tarfile.SYMTYPE),
]


@pytest.mark.parametrize("archive", OUTSIDE, ids=["zip", "tar", "zip link", "tar link"])
def test_an_archive_that_leads_outside_is_refused_by_its_member_and_noted(
    api: Rig, ours: Team, noted: Noted, archive: bytes
) -> None:
    headers = {"authorization": f"Bearer {ours.token(Role.MEMBER)}"}
    answer = api.client.post("/api/archives", content=archive, headers=headers)
    assert answer.status_code == 400
    assert "evil" in answer.json()["error"]["message"]
    by = f"user:{ours.users[Role.MEMBER]}"
    assert noted("OUTSIDE_PATH").startswith(f"OUTSIDE_PATH: {by} asked for POST /api/archives from")


def test_a_zip_bomb_is_refused_with_its_limit_and_noted(api: Rig, ours: Team, noted: Noted) -> None:
    headers = {"authorization": f"Bearer {ours.token(Role.MEMBER)}"}
    zeros = bytes(MOST_FILE_BYTES + 1)
    before = set(api.lab.blobs.digests())
    for bomb in (zipped(TASK_FILE, ("zeros", zeros)), tarred(TASK_FILE, ("zeros", zeros))):
        answer = api.client.post("/api/archives", content=bomb, headers=headers)
        assert answer.status_code == 400
        told = answer.json()["error"]["message"]
        assert "'zeros'" in told
        assert f"{MOST_FILE_BYTES:,} bytes" in told
    assert noted(f"ARCHIVE_BOMB: user:{ours.users[Role.MEMBER]} asked for POST /api/archives")
    assert set(api.lab.blobs.digests()) == before


def test_who_may_not_write_tasks_sends_no_archive(api: Rig, ours: Team, noted: Noted) -> None:
    whole = zipped(TASK_FILE)
    headers = {"authorization": f"Bearer {ours.token(Role.VIEWER)}"}
    assert api.client.post("/api/archives", content=whole).status_code == 401
    assert api.client.post("/api/archives", content=whole, headers=headers).status_code == 403
    assert noted(f"PERMISSION_DENIED: user:{ours.users[Role.VIEWER]}")
