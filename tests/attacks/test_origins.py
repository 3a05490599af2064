"""Pages of other sites that use a browser's session: refused, and noted with whose session it was."""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.attacks.conftest import Noted
from tests.graphql_api.rig import Rig

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_a_foreign_page_is_refused_and_noted(api: Rig, noted: Noted, origin: str) -> None:
    headers = {"cookie": f"lab_session={api.owner.token}"} | ({"origin": origin} if origin else {})
    answer = api.post({"query": "mutation{signOut{position}}"}, headers)
    assert answer.status_code == 403
    assert noted("POST /graphql").startswith(f"FORBIDDEN: user:{api.owner.user}")
    assert api.data("{me{role}}")["me"]["role"] == "OWNER"


def test_a_socket_of_a_foreign_page_is_refused_and_noted(api: Rig, noted: Noted) -> None:
    url = api.url.replace("http", "ws") + "/graphql"
    headers = {"cookie": f"lab_session={api.owner.token}", "origin": "https://evil.example"}
    with pytest.raises(InvalidStatus):
        connect(url, additional_headers=headers, subprotocols=["graphql-transport-ws"])  # type: ignore[list-item]  # a NewType of str
    assert f"user:{api.owner.user}" in noted("SOCKET /graphql")
