"""Files that want to lie outside of the folder they belong to."""

from __future__ import annotations

import hashlib

import pytest

from domain.teams import Role
from tests.attacks.conftest import Noted
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
