"""The collector as its senders see it: real libraries over HTTP, and requests of every kind that goes wrong."""

import base64
import contextlib
import errno
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import rudderstack.analytics
import segment.analytics
import uvicorn
from command_line import audiencekit
from live_service import OPEN
from test_adapters import rows

from audiencekit.intake.gates import Gates
from audiencekit.intake.job import run_intake
from audiencekit.intake.landing_settings import NO_SETTINGS
from audiencekit.intake.shop import read_shop
from audiencekit.live.collector import Collector, Settings
from audiencekit.live.engine import Engine, Source
from audiencekit.live.journal import Journal
from audiencekit.live.keys import Keys
from audiencekit.live.limits import DEVICE, Limits, Rate
from audiencekit.live.log import CallLog
from audiencekit.live.server import Address, Service, configuration
from audiencekit.workspace import Workspace

KEY, READ_KEY = "the-key-of-these-tests", "the-read-key-of-these-tests"
AUTH = {"authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()}
DEEP = {"a": {"a": {"a": {"a": {"a": {"a": 1}}}}}}
TRACK = {"userId": "u1", "event": "Product Viewed", "properties": {"product_id": "p1"}}


def clock() -> datetime:
    return datetime.now(UTC)


@contextlib.contextmanager
def running(
    folder: Path, proxies: tuple[str, ...] = (), **options
) -> Iterator[tuple[str, Collector]]:
    """A collector on a free port of this machine, as its URL."""
    log = CallLog(folder, clock())
    keys = Keys([KEY, "another-key-of-these-tests"], [READ_KEY])
    collector = Collector(log, Settings(keys, clock, **options))
    nothing = folder.parent / f"{folder.name} without a generation"
    engine = Engine(Source(nothing, log, NO_SETTINGS, clock), Journal(nothing))
    served = configuration(Service(collector, engine, ()), Address(port=0, proxies=proxies))
    server = uvicorn.Server(served)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", collector
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def collected(tmp_path_factory) -> Iterator[tuple[str, Collector]]:
    with running(tmp_path_factory.mktemp("log"), origins=["https://shop.example"]) as server:
        yield server


def rows_of(folder: Path, table: str) -> list[dict]:
    return [
        json.loads(line)
        for path in sorted(folder.glob(f"{table}.*.jsonl"))
        for line in path.read_text().splitlines()
    ]


def send(url: str, path: str, body: object = None, **request) -> httpx.Response:
    content = request.pop("content", json.dumps(body).encode())
    return httpx.post(
        f"{url}/v1/{path}", content=content, headers=AUTH | request.pop("headers", {})
    )


def taken(folder: Path) -> Path:
    """What a run takes in of `folder`/landing."""
    (folder / "landing" / "orders.csv").write_text("order_id,ordered_at,total\n1,2024-01-01,5\n")
    workspace, soon = (
        Workspace(folder / "home"),
        clock().replace(tzinfo=None) + timedelta(minutes=1),
    )
    gates = Gates((), shop=read_shop("USD", "UTC"))
    run_intake(folder / "landing", workspace, soon, gates, lambda _: None)
    return workspace.intake


def test_segments_own_library_sends_to_it_unchanged_and_a_run_takes_it_in(tmp_path):
    folder = tmp_path / "landing" / "live"
    with running(folder) as (url, _):
        library = segment.analytics.Client(KEY, host=url, gzip=True, sync_mode=True)
        library.track("u1", "Product Added", {"product_id": "p1", "quantity": 2}, anonymous_id="d1")
        library.page("u1", None, "Shoes", {"url": "https://shop.example/shoes", "path": "/shoes"})
        library.screen(anonymous_id="d2", name="Cart", context={"os": {"name": "iOS"}})
    events = rows(
        taken(tmp_path), "web_events", "event_name, account_id, anonymous_id, product_id, page"
    )
    assert events == [
        ("Product Added", "u1", "d1", "p1", None),
        ("page_view", "u1", None, None, "https://shop.example/shoes"),
        ("screen_view", None, "d2", None, "Cart"),
    ]


def test_what_people_refuse_in_identify_calls_is_read_by_the_next_run(tmp_path):
    folder = tmp_path / "landing" / "live"
    with running(folder) as (url, _):
        library = segment.analytics.Client(KEY, host=url, sync_mode=True)
        library.identify(
            "u1", {"email": "ann@example.com", "email_opt_out": True}, anonymous_id="d1"
        )
        library.identify("u2", {"newsletter": False})
        library.alias("d2", "u2")
    intake = taken(tmp_path)
    decisions = "account_id, email, email_opt_out, newsletter_opt_in"
    assert rows(intake, "accounts", decisions) == [
        ("u1", "ann@example.com", True, None),
        ("u2", None, None, False),
    ]
    logins = "account_id, anonymous_id, event_name"
    assert {("u1", "d1", "login"), ("u2", "d2", "login")} <= set(rows(intake, "web_events", logins))


def test_rudderstacks_own_library_sends_to_it_unchanged_and_a_run_takes_it_in(tmp_path):
    """It compresses, and has the traits of identify calls in their context."""
    folder = tmp_path / "landing" / "live"
    with running(folder) as (url, _):
        library = rudderstack.analytics.Client(KEY, host=url, sync_mode=True)
        library.track("u1", "Product Added", {"product_id": "p1"}, anonymous_id="d1")
        library.page("u1", None, "Shoes", {"url": "https://shop.example/shoes"})
        library.screen(anonymous_id="d2", name="Cart")
        library.identify("u2", {"email": "ann@example.com", "email_opt_out": True})
        library.group("u2", "g1")
        library.alias("d2", "u2")
    intake = taken(tmp_path)
    columns = "event_name, account_id, anonymous_id, product_id, page"
    assert {
        ("Product Added", "u1", "d1", "p1", None),
        ("page_view", "u1", None, None, "https://shop.example/shoes"),
        ("screen_view", None, "d2", None, "Cart"),
        ("login", "u2", "d2", None, None),
    } <= set(rows(intake, "web_events", columns))
    decisions = "account_id, email, email_opt_out"
    assert rows(intake, "accounts", decisions) == [("u2", "ann@example.com", True)]


def test_rudderstacks_own_library_sends_again_what_may_come_again_and_nothing_else(tmp_path):
    """It waits after 429, and gives up after 400, which it reads from the `code` of the answer."""
    limits, failures = Limits(OPEN | {DEVICE: Rate(10, 1)}), []
    with running(tmp_path, limits=limits) as (url, collector):
        library = rudderstack.analytics.Client(
            KEY,
            host=url,
            upload_size=3,
            max_retries=5,
            on_error=lambda problem, _: failures.append(problem),
        )
        for number in range(12):
            library.track("u1", "Page Viewed", message_id=f"m{number}")
        library.flush()
        assert limits.counts[DEVICE] > 0 and not failures
        assert collector.counts["taken"] == 12
        before = collector.counts["refused"]
        library.track("u1", "Page Viewed", {"a": {"a": {"a": {"a": {"a": DEEP}}}}})
        library.flush()
        library.shutdown()
        assert [failure.status for failure in failures] == [400]
        assert collector.counts["refused"] == before + 1


def test_repeated_traits_of_rudderstacks_library_are_no_decisions(tmp_path):
    """Those of other libraries may be: a call with them is held back for somebody to look at."""
    traits = {"email": "ann@example.com", "newsletter": True, "email_opt_out": False}
    rudder = {"library": {"name": "RudderLabs JavaScript SDK"}, "traits": traits}
    with running(tmp_path) as (url, collector):
        for number, context in enumerate((rudder, rudder | {"library": {"name": "analytics.js"}})):
            call = TRACK | {"context": context, "messageId": f"t{number}"}
            assert send(url, "track", call).status_code == 200
        identify = {"userId": "u1", "context": rudder, "traits": {"newsletter": False}}
        assert send(url, "identify", identify).status_code == 200
        assert collector.counts["held back"] == 1
    (taken_in,) = rows_of(tmp_path, "tracks")
    assert taken_in["id"] == "t0" and "ann@" not in json.dumps(taken_in)
    assert [row["id"] for row in rows_of(tmp_path, "_held")] == ["t1"]
    (row,) = rows_of(tmp_path, "identifies")
    assert (row["email"], row["email_opt_out"], row["newsletter_opt_in"]) == (
        *("ann@example.com", False),
        False,
    )


def test_the_library_of_a_browser_has_its_key_in_the_body(collected):
    url, _ = collected
    for path in ("t", "track"):
        answer = httpx.post(
            f"{url}/v1/{path}",
            content=json.dumps(TRACK | {"messageId": f"b{path}", "writeKey": KEY}),
            headers={"content-type": "text/plain", "origin": "https://shop.example"},
        )
        assert answer.json() == {"success": True}
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    other = httpx.post(
        f"{url}/v1/t", json=TRACK, headers=AUTH | {"origin": "https://other.example"}
    )
    assert "access-control-allow-origin" not in other.headers


BATCH = {"batch": [TRACK | {"type": "track"}]}
# Small on the way, and large once every call has what the batch says of all of them.
SWELLING = {
    "context": {"page": {"url": "x" * 31_000}},
    "batch": [{"type": "page", "userId": "u"}] * 7_000,
}


@pytest.mark.parametrize(
    ("path", "request_", "status", "why"),
    [
        ("track", {"body": TRACK, "headers": {"authorization": ""}}, 401, "write key is missing"),
        (
            "track",
            {"body": TRACK, "headers": {"authorization": "Basic !!"}},
            401,
            "missing or unknown",
        ),
        (
            "track",
            {"body": TRACK | {"writeKey": "no"}, "headers": {"authorization": ""}},
            401,
            "unknown",
        ),
        ("track", {"body": {"userId": "u"}}, 400, "a track call has an event"),
        ("track", {"body": []}, 400, "the body is a JSON object"),
        ("track", {"content": b"{"}, 400, "the body is no JSON"),
        ("track", {"content": b"[" * 100_000}, 400, "the body is no JSON"),
        ("track", {"content": b"\xff\xfe"}, 400, "the body is no JSON"),
        ("track", {"content": b"x", "headers": {"content-encoding": "gzip"}}, 400, "no whole text"),
        ("track", {"content": zlib.compress(b" " * 10**8, wbits=31)}, 413, "at most 512000 bytes"),
        ("track", {"content": b" " * 600_000}, 413, "at most 512000 bytes"),
        (
            "track",
            {"body": TRACK | {"properties": {"a": "x" * 33_000}}},
            400,
            "at most 32768 bytes",
        ),
        ("batch", {"body": {"batch": "x"}}, 400, "a batch is a list of calls"),
        ("batch", {"body": {"batch": [1]}}, 400, "a batch is a list of calls"),
        ("batch", {"body": BATCH | {"batch": [{"type": "page"}]}}, 400, "userId or anonymousId"),
        ("batch", {"body": BATCH | {"context": "x"}}, 400, "JSON object"),
        ("track", {"content": b'{"userId":"u","event":"\\ud800"}'}, 400, "half of a character"),
        ("track", {"body": TRACK | {"event": 5, "userId": [1]}}, 400, "userId must be a text"),
        ("track", {"body": TRACK | {"timestamp": "9999-12-31T23:00:00-05:00"}}, 400, "ISO 8601"),
        (
            "track",
            {"content": b'{"writeKey":"\\ud800"}', "headers": {"authorization": "Bearer x"}},
            401,
            "unknown",
        ),
        (
            "batch",
            {"content": zlib.compress(json.dumps(SWELLING).encode(), wbits=31)},
            413,
            "calls of a batch",
        ),
    ],
)
def test_a_request_that_cannot_be_taken_is_answered_with_why(
    collected, path, request_, status, why
):
    url, collector = collected
    before = collector.counts["refused"]
    answer = send(url, path, **request_)
    assert (answer.status_code, answer.json()["success"]) == (status, False)
    assert why in answer.json()["message"]
    assert collector.counts["refused"] == before + 1


def test_a_call_that_comes_again_is_acknowledged_and_counts_once(collected):
    url, collector = collected
    before = dict(collector.counts)
    for _ in range(3):
        assert send(url, "track", TRACK | {"messageId": "again"}).status_code == 200
    batch = {"batch": [TRACK | {"type": "track", "messageId": each} for each in ("again", "new")]}
    assert send(url, "batch", batch).status_code == 200
    assert collector.counts["taken"] == before["taken"] + 2
    assert collector.counts["repeated"] == before["repeated"] + 3


def test_a_log_that_cannot_be_written_acknowledges_nothing(tmp_path, monkeypatch):
    with running(tmp_path) as (url, collector):
        append = collector.log.append

        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(collector.log, "append", full)
        answer = send(url, "track", TRACK | {"messageId": "m"})
        assert (answer.status_code, answer.json()["message"]) == (
            503,
            "the log cannot be written: No space left on device",
        )
        monkeypatch.setattr(collector.log, "append", append)
        assert send(url, "track", TRACK | {"messageId": "m"}).status_code == 200
    assert [row["id"] for row in rows_of(tmp_path, "tracks")] == ["m"]


@contextlib.contextmanager
def process(folder: Path, port: int) -> Iterator[subprocess.Popen]:
    """`audiencekit live` as a process of its own, ready to take calls."""
    command = [sys.executable, "-m", "audiencekit.cli", "live", str(folder)]
    live = subprocess.Popen(
        [*command, "--port", str(port), "--calls-per-address", "1000000"],
        env=os.environ | {"AUDIENCEKIT_WRITE_KEYS": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert "takes in calls" in live.stdout.readline()
        yield live
    finally:
        live.kill()
        live.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.slow
def test_what_was_acknowledged_survives_any_kill(tmp_path):
    """Killed in the middle of a load, and started again: every acknowledged call is there once."""
    acknowledged: list[str] = []
    port, rng = free_port(), random.Random(20)
    for round_ in range(4):
        with process(tmp_path, port) as live:
            stop = threading.Event()

            def load(sender: int, round_: int = round_, stop: threading.Event = stop) -> None:
                with httpx.Client() as client:
                    for number in itertools.count():
                        if stop.is_set():
                            return
                        name = f"{round_}-{sender}-{number}"
                        body = TRACK | {"messageId": name, "anonymousId": name}
                        with contextlib.suppress(httpx.TransportError):
                            answer = client.post(
                                f"http://127.0.0.1:{port}/v1/track", json=body, headers=AUTH
                            )
                            if answer.status_code == 200:
                                acknowledged.append(name)

            senders = [threading.Thread(target=load, args=[n]) for n in range(8)]
            for sender in senders:
                sender.start()
            time.sleep(rng.uniform(0.3, 0.8))
            live.send_signal(signal.SIGKILL)
            stop.set()
            for sender in senders:
                sender.join()
    with process(tmp_path, port) as live:
        again = TRACK | {"messageId": acknowledged[0]}
        assert send(f"http://127.0.0.1:{port}", "track", again).status_code == 200
        live.send_signal(signal.SIGTERM)
        printed = live.communicate(timeout=20)[0]
    assert "Stopped. Calls: 0 taken, 1 repeated, 0 held back, 0 refused." in printed
    ids = [row["id"] for row in rows_of(tmp_path, "tracks")]
    assert len(acknowledged) > 100
    assert len(ids) == len(set(ids)) and set(acknowledged) <= set(ids)


@pytest.mark.parametrize(
    ("keys", "why"),
    [("", "Set AUDIENCEKIT_WRITE_KEYS"), (f"short,{KEY}", "1 of 2 keys have fewer than 16")],
)
def test_without_keys_that_cannot_be_guessed_nothing_is_served(tmp_path, monkeypatch, keys, why):
    monkeypatch.setenv("AUDIENCEKIT_WRITE_KEYS", keys)
    printed = audiencekit(tmp_path, "live", str(tmp_path / "log"))
    assert printed.returncode == 1 and why in printed.stderr and "Traceback" not in printed.stderr


def test_a_port_that_is_taken_ends_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIENCEKIT_WRITE_KEYS", KEY)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        printed = audiencekit(tmp_path, "live", str(tmp_path / "log"), "--port", port)
    assert printed.returncode == 1 and "Another program listens on" in printed.stderr


def test_a_writer_that_fails_goes_on_with_the_next_calls(tmp_path, monkeypatch):
    with running(tmp_path) as (url, collector):
        append = collector.log.append

        def broken(*_):
            raise ValueError("whatever")

        monkeypatch.setattr(collector.log, "append", broken)
        assert (
            send(url, "track", TRACK).json()["message"] == "the log cannot be written: ValueError"
        )
        monkeypatch.setattr(collector.log, "append", append)
        assert send(url, "track", TRACK).status_code == 200


def test_a_run_can_take_calls_in_also_when_none_comes_after_them(tmp_path):
    with running(tmp_path) as (url, collector):
        collector.log.seconds_per_file = 0.2
        assert send(url, "track", TRACK | {"messageId": "last"}).status_code == 200
        for _ in range(100):
            if rows_of(tmp_path, "tracks"):
                break
            time.sleep(0.1)
        assert [row["id"] for row in rows_of(tmp_path, "tracks")] == ["last"]


def test_no_call_from_outside_stops_a_run(tmp_path):
    """Calls of every odd kind, acknowledged or refused: the next run takes in what can be taken in."""
    folder = tmp_path / "landing" / "live"
    odd = [
        {"event": "Unsubscribed"},
        {"properties": {"opt_out": True, "newsletter": "no"}},
        {"properties": {f"name {n}": n for n in range(400)}},
        {
            "properties": {
                "": 1,
                "row_number": "x",
                "file_name": "y",
                "properties": "z",
                "products": "[",
            }
        },
        {"properties": {"revenue": float("nan"), "seconds": "soon", "email": "not an address"}},
        {"properties": {"a": "\0", "b": 10**30, "c": "'\"; drop table events"}},
        {"context": {"traits": {"email_opt_out": True}}},
        {"timestamp": "2000-01-01T00:00:00Z"},
        {"timestamp": "2098-01-01T00:00:00Z"},
        {"event": "a\0b"},
        {"messageId": "m" * 20_000},
    ]
    identify = [
        {"traits": {"newsletter": "weekly", "email": "nobody"}},
        {"traits": {"opt_in": True, "email_opt_in": False}},
        {"traits": {"unsubscribed_at": "never", "birthday": "tomorrow"}},
    ]
    with running(folder) as (url, collector):
        for number, each in enumerate(odd):
            content = json.dumps(TRACK | {"messageId": f"t{number}"} | each).encode()
            assert send(url, "track", content=content).status_code in (200, 400)
        for each in identify:
            assert send(url, "identify", {"userId": "u1"} | each).status_code == 200
        assert send(url, "group", {"userId": "u1", "groupId": "g"}).status_code == 200
        for number in range(3):
            assert send(url, "track", TRACK | {"messageId": f"good{number}"}).status_code == 200
        assert collector.counts["held back"] == 6
    events = {event for (event,) in rows(taken(tmp_path), "web_events", "event_id")}
    assert {"good0", "good1", "good2", "t2", "t3"} <= events
    assert len(rows_of(folder, "_held")) == 6
