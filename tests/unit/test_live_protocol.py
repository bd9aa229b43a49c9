"""What no library sends: broken compression and framing, and texts that are hardly JSON. The service answers or hangs up, and goes on."""

import contextlib
import gzip
import json
import logging
import socket
import sys
import threading
import time
import zlib
from urllib.parse import urlsplit

import httpx
import pytest
from live_service import OPEN
from test_live_collector import AUTH, KEY, READ_KEY, TRACK, rows_of, running

from audiencekit.live.limits import Limits
from audiencekit.live.server import SWITCH

SECONDS = 20


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    with running(tmp_path_factory.mktemp("protocol"), limits=Limits(OPEN)) as server:
        yield server


@pytest.fixture(autouse=True)
def nothing_is_logged_of_it(caplog):
    """A traceback in the log could quote what somebody sent, and would fill it."""
    with caplog.at_level(logging.WARNING):
        yield
    assert {r.message for r in caplog.records} <= {"Invalid HTTP request received."}


@pytest.fixture(autouse=True)
def it_goes_on(collected):
    yield
    answer = httpx.post(f"{collected[0]}/v1/track", json=TRACK, headers=AUTH, timeout=5)
    assert answer.status_code == 200


def raw(url: str, data: bytes, *, hang_up: bool = False) -> bytes:
    """What comes back for bytes as they are, until the server closes the connection."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=SECONDS) as connection:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            connection.sendall(data)
        if hang_up:
            return b""
        received = b""
        # A server that hangs up before it has read everything resets the connection.
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65_536):
                received += part
        return received


def head(*lines: str, path: str = "/v1/track") -> bytes:
    fixed = (
        f"POST {path} HTTP/1.1",
        "Host: x",
        f"Authorization: Bearer {KEY}",
        "Connection: close",
    )
    return ("\r\n".join((*fixed, *lines)) + "\r\n\r\n").encode("latin-1")


def post(url: str, content: bytes, **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/v1/track", content=content, headers=AUTH | headers, timeout=SECONDS)


PACKED = gzip.compress(json.dumps(TRACK).encode())


@pytest.mark.parametrize(
    "body",
    [
        PACKED[:-9],
        PACKED[:-4],
        PACKED[:12],
        PACKED[:-8] + b"\0" * 8,
        PACKED[:20] + b"\xff" * 20,
        PACKED + b"x",
        PACKED + PACKED,
        gzip.compress(PACKED),
        zlib.compress(json.dumps(TRACK).encode()),
    ],
    ids=[
        *("cut in the data", "cut in the checksum", "cut in the head", "wrong checksum"),
        *("broken data", "more after it", "two of them", "twice", "without a head of gzip"),
    ],
)
def test_broken_compression_is_refused_whole(collected, body):
    """Half of a batch would be acknowledged otherwise, and the other half lost."""
    answer = post(collected[0], body, **{"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_bomb_within_a_bomb_is_not_unpacked(collected):
    bomb = gzip.compress(gzip.compress(b" " * 50_000_000) + b"")
    answer = post(collected[0], bomb, **{"content-encoding": "gzip"})
    assert answer.status_code in (400, 413)
    many = b"".join(gzip.compress(b" " * 400_000) for _ in range(100))
    assert post(collected[0], many, **{"content-encoding": "gzip"}).status_code in (400, 413)


@pytest.mark.parametrize(
    "data",
    [
        head("Content-Length: -1") + b"{}",
        head("Content-Length: 9999999999999999999999999") + b"{}",
        head("Content-Length: 1, 2") + b"{}",
        head("Content-Length: 2", "Content-Length: 3") + b"{}",
        head("Content-Length: x") + b"{}",
        head("Transfer-Encoding: chunked") + b"-5\r\n{}\r\n0\r\n\r\n",
        head("Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n",
        head("Transfer-Encoding: gzip, chunked") + b"2\r\n{}\r\n0\r\n\r\n",
        head("X: " + "x" * 200_000),
        head(*(f"X-{number}: x" for number in range(20_000))),
        b"POST " + b"/" * 200_000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100 + b"\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        head("Bad Header: x\0y"),
    ],
)
def test_broken_framing_is_refused(collected, data):
    answer = raw(collected[0], data)
    assert answer == b"" or answer.split(b" ")[1].startswith(b"4"), answer[:200]


@pytest.mark.parametrize(
    "data",
    [
        head("Transfer-Encoding: chunked") + b'40\r\n{"userId":',
        head("Transfer-Encoding: chunked") + b'a\r\n{"userId":\r\n',
        head("Content-Length: 100") + b'{"userId":',
        head("Content-Length: 400000") + b" " * 100_000,
    ],
)
def test_a_sender_who_hangs_up_within_a_request_is_acknowledged_nothing(collected, data):
    url, collector = collected
    before = dict(collector.counts)
    raw(url, data, hang_up=True)
    for _ in range(100):
        if collector.counts["refused"] > before["refused"]:
            break
        time.sleep(0.02)
    assert collector.counts == before | {"refused": before["refused"] + 1}


@pytest.mark.parametrize("depth", [9, 50, 500, *range(930, 1010), 5_000, 100_000])
@pytest.mark.parametrize("opened", ["[", '{"a":'])
def test_values_that_are_nested_deeply_are_taken_or_refused(collected, depth, opened):
    closed = {"[": "]", '{"a":': "}"}[opened] * depth
    content = f'{{"userId":"u","event":"e","properties":{{"x":{opened * depth}1{closed}}}}}'
    if len(content) <= 32_000 or depth == 100_000:
        assert post(collected[0], content.encode()).status_code in (200, 400, 413)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"userId":"u","event":"e","properties":{"\\ud83d":1}}', 400),
        (b'{"userId":"\\udfff","event":"e"}', 400),
        (b'{"userId":"u","event":"e","properties":{"a":"\xed\xa0\x80"}}', 400),
        (b'{"userId":"u","event":"e","properties":{"a":NaN,"b":Infinity,"c":-Infinity}}', 200),
        (b'{"userId":"u","event":"e","properties":{"a":1e999,"b":-1e999,"c":1e-999}}', 200),
        (b'{"userId":NaN,"event":"e"}', 400),
        (b'{"userId":"u","event":"e","timestamp":NaN}', 400),
        (b'{"userId":"u","event":"e","properties":{"a":' + b"9" * 5_000 + b"}}", 400),
        (b'{"userId":"u","event":"e","properties":{"a":' + b"9" * 4_000 + b"}}", 200),
        (b'{"userId":"u","event":"e","messageId":"\\u0000"}', 400),
        (b'{"userId":"u","event":"e","properties":{"a\\u0000":"\\u0000"}}', 200),
        (b'{"userId":"a","userId":"u","event":"e","event":"f"}', 200),
        (b'{"userId":"u","event":"e","type":"identify","batch":[1]}', 200),
        (b'\xef\xbb\xbf{"userId":"u","event":"e"}', 200),
        ('{"userId":"u","event":"e"}'.encode("utf-16"), 200),
        (b'{"userId":"u","event":"e"}\0', 400),
        (b'{"userId":"u","event":"e"}{}', 400),
        (b"", 400),
        (b"null", 400),
        (b"'" * 1_000, 400),
    ],
)
def test_texts_that_are_hardly_json(collected, content, status):
    assert post(collected[0], content).status_code == status


def test_of_a_name_that_comes_twice_the_last_counts(tmp_path):
    with running(tmp_path) as (url, _):
        content = b'{"userId":"a","userId":"b","event":"e","event":"f","messageId":"twice"}'
        assert post(url, content).status_code == 200
    (row,) = rows_of(tmp_path, "tracks")
    assert (row["user_id"], row["event_text"]) == ("b", "f")


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/people/%00", "/v1/people/%ed%a0%80", "/v1/people/%ff", "/v1/people/'%3b%20drop"),
        *("/v1/people/..%2f..%2fetc", "/v1/people/" + "x" * 30_000),
        *("/v1/personalize?anonymous_id=%00", "/v1/personalize?anonymous_id=%ed%a0%80"),
        *("/v1/personalize?user_id=", "/v1/personalize?user_id=%ff&user_id=x"),
        *("/v1/changes?after=%d9%a1", "/v1/changes?after=1e5", "/v1/changes?after=" + "9" * 500),
    ],
)
def test_lookups_of_ids_that_nobody_has(collected, path):
    """503: no generation is published here. Those that come so far are looked up in test_live_fuzz."""
    answer = raw(
        collected[0],
        f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {READ_KEY}\r\nConnection: close\r\n\r\n".encode(),
    )
    assert answer.split(b" ")[1] in (b"400", b"404", b"503"), answer[:200]


@pytest.fixture
def threads_give_way():
    """As soon as `audiencekit live` lets them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("threads_give_way")
def test_while_many_tiny_calls_are_read_others_are_answered(collected):
    url, _ = collected
    calls = [{"type": "page", "userId": "u", "messageId": f"tiny{n}"} for n in range(9_000)]
    tiny = json.dumps({"batch": calls}, separators=(",", ":")).encode()
    nothing = b'{"batch":[' + b"{}," * 100_000 + b"{}]}"
    answers = []

    def send(content: bytes) -> None:
        answers.append(httpx.post(f"{url}/v1/batch", content=content, headers=AUTH, timeout=60))

    senders = [threading.Thread(target=send, args=[each]) for each in (tiny, nothing) * 3]
    started, waited = time.monotonic(), []
    for sender in senders:
        sender.start()
    while any(sender.is_alive() for sender in senders):
        begun = time.monotonic()
        assert httpx.get(f"{url}/healthz", timeout=60).status_code == 200
        waited.append(time.monotonic() - begun)
    assert sorted(a.status_code for a in answers) == [200] * 3 + [400] * 3
    took = time.monotonic() - started
    print(f"\n  {len(waited)} answers in {took:.1f} s, the last after {max(waited):.2f} s at most")
    # One after each request, and a last one, if each kept all others waiting until it was read.
    assert len(waited) > len(senders) + 2


def test_a_hundred_thousand_requests_of_one_address_are_cheap(tmp_path):
    """As one connection that never waits for an answer. After what may come at once, they are not read."""
    one = head("Content-Length: 1").replace(b"Connection: close\r\n", b"") + b"{"
    with running(tmp_path) as (url, collector):
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
            connection.sendall(one * 3_000)
            received = b""
            while received.count(b"HTTP/1.1 ") < 3_000:
                received += connection.recv(1_000_000)
        assert collector.counts["refused"] < 2_000
        assert received.count(b"HTTP/1.1 429") > 1_000


@pytest.mark.parametrize("part", ["path", "header", "headers", "trailer"])
def test_a_head_without_an_end_is_refused(collected, part):
    """Nothing of it is kept: it comes before any key is checked."""
    url = urlsplit(collected[0])
    first = {
        "path": b"GET /v1/",
        "header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nx: ",
        "headers": b"GET /healthz HTTP/1.1\r\nHost: x\r\n",
        "trailer": head("Transfer-Encoding: chunked") + b"1\r\n{\r\n0\r\nx: ",
    }[part]
    more = b"x: y\r\n" * 10_000 if part == "headers" else b"x" * 60_000
    sent, received = 0, b""
    with socket.create_connection((url.hostname, url.port), timeout=SECONDS) as connection:
        connection.sendall(first)
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while sent < 50_000_000:
                connection.sendall(more)
                sent += len(more)
        with contextlib.suppress(ConnectionResetError):
            received = connection.recv(65_536)
    assert sent < 20_000_000
    assert not received or received.startswith(b"HTTP/1.1 400")
