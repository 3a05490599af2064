"""Nobody makes the server ask itself, its network or its cloud: addresses in every spelling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from server.courier import read_answer
from server.posting import Posted, Poster
from server.reachable import Forbidden, reachable, refuse_url
from tests.fakes.webhook_receiver import Receiver, receiver

PUBLIC = "93.184.215.14"
NOW = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


class Changing:
    """A resolver whose answers change, as a rebinding attacker's do."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self._answers[min(self.asked, len(self._answers)) - 1]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "127.255.255.254", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1",
        "0", "000.0.0.0", "localhost", "10.0.0.1", "012.0.0.1", "172.16.0.1", "172.31.255.255",
        "192.168.1.1", "3232235777", "100.64.0.1", "100.100.100.200", "169.254.169.254",
        "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "168.63.129.16", "192.0.0.192",
        "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "198.18.0.1",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:169.254.169.254]",
        "[::127.0.0.1]", "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]", "[fd00:ec2::254]", "[fec0::1]",
        "[ff02::1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::1]", "[2001:0:7f00:1::]", "[2001:db8::1]", "[0:0:0:0:0:0:0:1]",
    ],
)  # fmt: skip
def test_no_spelling_of_an_inner_address_is_sent_to(host: str) -> None:
    with pytest.raises((Forbidden, OSError)) as refused:
        reachable(f"https://{host}/hook", local=False)
    assert not isinstance(refused.value, TimeoutError)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "ftp://example.org/", "file:///etc/passwd", "gopher://x/", "//x/", "x",
        "", "https://", "https:///path", "https://user:pw@example.org/", "https://a@127.0.0.1/",
        "https://example.org:22/", "https://example.org:1023/", "https://example.org:0/",
        "https://example.org:99999/", "https://example.org:x/", "https://exa mple.org/",
        "https://example.org/\r\nX: y", "https://example.org\\@127.0.0.1/", "https://①②⑦.0.0.1/",
        "https://exämple.org/", "https://[::1/", "https://example.org/" + "x" * 3000, "\thttps://h/",
    ],
)  # fmt: skip
def test_what_is_no_plain_https_url_is_refused_before_anything_is_asked(url: str) -> None:
    assert refuse_url(url, local=False)
    resolver = Changing([PUBLIC])
    with pytest.raises(Forbidden):
        reachable(url, local=False, resolve=resolver)
    assert resolver.asked == 0


@pytest.mark.parametrize("port", ["", ":80", ":443", ":1024", ":8443", ":65535"])
def test_a_public_name_is_reachable_at_ordinary_ports(port: str) -> None:
    url = f"https://hooks.example.org{port}/a?b=c"
    assert refuse_url(url, local=False) == ""
    _, _, addresses = reachable(url, local=False, resolve=Changing([PUBLIC, "2606:2800:21f::1"]))
    assert addresses == [PUBLIC, "2606:2800:21f::1"]


def test_one_inner_address_among_public_ones_spoils_the_name() -> None:
    with pytest.raises(Forbidden):
        reachable("https://h.example/", local=False, resolve=Changing([PUBLIC, "10.0.0.7"]))


def test_metadata_is_never_sent_to_not_even_where_local_receivers_are_allowed() -> None:
    for host in ("169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "100.100.100.200", "224.0.0.1"):
        assert refuse_url(f"http://{host}/", local=True), host
    for host in ("127.0.0.1", "10.0.0.1", "[::1]", "[fd12::1]"):
        assert refuse_url(f"http://{host}:9999/", local=True) == "", host


@pytest.fixture(scope="module")
def hooks() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def test_what_was_judged_is_what_is_connected_to(hooks: Receiver) -> None:
    port = hooks.url.rpartition(":")[2]
    resolver = Changing(["127.0.0.1"], ["169.254.169.254"])
    poster = Poster(local=True, resolve=resolver)
    assert poster.post(f"http://h.example:{port}/ok?rebind", b"{}", {}).status == 200
    assert resolver.asked == 1
    (came,) = hooks.seen("/ok?rebind")
    assert came["headers"]["host"] == f"h.example:{port}"
    with pytest.raises(Forbidden):
        poster.post(f"http://h.example:{port}/ok?rebind", b"{}", {})
    assert len(hooks.seen("/ok?rebind")) == 1


def test_an_answer_that_drips_ends_with_the_deadline(hooks: Receiver) -> None:
    poster = Poster(local=True, timeout_s=0.5)
    with pytest.raises(TimeoutError):
        poster.post(f"{hooks.url}/slow", b"{}", {})


def test_a_name_without_an_address_may_have_one_later() -> None:
    with pytest.raises(OSError, match="no address"):
        Poster(resolve=Changing([])).post("https://h.example/", b"", {})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("1.5", 1.5),
        ("0", 0.0),
        (format_datetime(datetime(2026, 11, 3, 12, 1, tzinfo=UTC), usegmt=True), 60.0),
        (format_datetime(datetime(2026, 11, 3, 11, 0, tzinfo=UTC), usegmt=True), 0.0),
        ("soon", None),
        ("nan", None),
        ("-5", None),
        ("", None),
    ],
)
def test_the_time_a_receiver_asks_for_is_read(text: str, seconds: float | None) -> None:
    posted = Posted(status=429, headers={"retry-after": text}, text="")
    assert read_answer(posted, now=NOW).retry_after_s == seconds
