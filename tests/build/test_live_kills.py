"""`audiencekit live` is killed again and again under load, with a receiver that fails: nothing is lost, nothing comes twice."""

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
from pathlib import Path

import duckdb
import httpx
from live_service import READ_KEY, SECRET, WRITE_KEY
from receiver import Receiver
from test_live_service import workspace

from audiencekit.live.journal import Journal
from audiencekit.workspace import Workspace

__all__ = ["workspace"]

# AUDIENCEKIT_KILLS=50 for the long run.
KILLS = int(os.environ.get("AUDIENCEKIT_KILLS", "4"))


class Load:
    """A website: it sends events until it is stopped, and knows which were acknowledged."""

    def __init__(self, url: str, logins: list[str]):
        self.url, self.logins = url, logins
        self.acknowledged: list[str] = []
        self._numbers = itertools.count()
        self._chance = random.Random(5)
        self.is_over = False
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.is_over = True
        self._thread.join()

    def _work(self) -> None:
        with httpx.Client(timeout=5) as client:
            while not self.is_over:
                calls = [self._call() for _ in range(20)]
                body = {"batch": calls, "writeKey": WRITE_KEY}
                # As Segment's libraries do: the same calls again, until they are taken.
                while not self.is_over:
                    try:
                        if client.post(f"{self.url}/v1/batch", json=body).status_code == 200:
                            self.acknowledged += [call["messageId"] for call in calls]
                            break
                    except httpx.TransportError:
                        time.sleep(0.05)
                time.sleep(0.05)

    def _call(self) -> dict:
        number = next(self._numbers)
        event = self._chance.choice(["Product Viewed"] * 4 + ["Product Added", "Order Completed"])
        return {
            "type": "track",
            "event": event,
            "userId": self._chance.choice(self.logins),
            "messageId": f"m{number}",
            "properties": {"product_id": f"P{number % 9}"},
        }


def start(workspace: Workspace, log: Path, port: int, hook: str) -> subprocess.Popen:
    options = ["--port", str(port), "--webhook", hook, "--batch", "5", "--demo"]
    return subprocess.Popen(
        [sys.executable, "-m", "audiencekit.cli", "live", str(log), *options],
        env=os.environ
        | {
            "AUDIENCEKIT_HOME": str(workspace.home),
            "AUDIENCEKIT_WRITE_KEYS": WRITE_KEY,
            "AUDIENCEKIT_READ_KEYS": READ_KEY,
            "AUDIENCEKIT_WEBHOOK_SECRET": SECRET,
            "NO_PROXY": "127.0.0.1",
        },
        stdout=subprocess.DEVNULL,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_until_ready(url: str) -> float:
    """The seconds until lookups are answered."""
    started = time.monotonic()
    while time.monotonic() < started + 120:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return time.monotonic() - started
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("it does not become ready")


def test_kills_and_faults_lose_nothing_and_double_nothing(workspace, tmp_path):
    with duckdb.connect(str(workspace.current / "live.duckdb"), read_only=True) as con:
        owners = dict(con.execute("from facts.logins order by account_id").fetchall())
    chance, port, log = random.Random(11), free_port(), tmp_path / "live"
    url, seconds = f"http://127.0.0.1:{port}", []
    with Receiver(fault_rate=0.3, seed=11, secret=SECRET) as receiver:
        with Load(url, list(owners)) as load:
            for number in range(KILLS):
                process = start(workspace, log, port, receiver.url)
                # Every third one is killed while it starts.
                if number % 3 < 2:
                    seconds.append(wait_until_ready(url))
                time.sleep(chance.uniform(0.2, 5))
                process.send_signal(signal.SIGKILL)
                process.wait()
            process = start(workspace, log, port, receiver.url)
            seconds.append(wait_until_ready(url))
        headers = {"authorization": f"Bearer {READ_KEY}"}
        last = until_quiet(url, headers, receiver)
        segments = {
            key: {
                each["segment_code"]: each["channels"]
                for each in httpx.get(f"{url}/v1/people/{key}", headers=headers).json()["segments"]
            }
            for key in owners.values()
        }
        process.send_signal(signal.SIGTERM)
        process.wait()
    print(
        f"{KILLS} kills, {len(load.acknowledged)} acknowledged, {last} changes, "
        f"{receiver.requests} requests, {receiver.faults} faults, ready in {seconds}"
    )
    assert_log_has_each_once(log, load.acknowledged)
    assert receiver.faults and not receiver.refused
    assert_each_change_arrived_under_one_number(receiver, last)
    announced = Journal(workspace.home / "live").announced()
    assert {key: {s: dict(r) for s, r in announced[key].items()} for key in segments} == segments


def until_quiet(url: str, headers: dict, receiver: Receiver) -> int:
    """The last change_seq, when everything is evaluated and the receiver has it all."""
    end, last, since = time.monotonic() + 240, -1, time.monotonic()
    while time.monotonic() < end:
        state = httpx.get(f"{url}/v1/changes?after=999999999", headers=headers).json()
        received = max(
            (c["change_seq"] for d in list(receiver.deliveries) for c in d.body["data"]["changes"]),
            default=0,
        )
        waiting = httpx.get(f"{url}/readyz").json()["waiting"]
        if state["last_seq"] != last or received < last or waiting:
            last, since = state["last_seq"], time.monotonic()
        elif time.monotonic() - since > 3:
            return last
        time.sleep(0.1)
    raise AssertionError("it never came to rest")


def assert_log_has_each_once(log: Path, acknowledged: list[str]) -> None:
    ids = [
        json.loads(line)["id"]
        for path in log.glob("tracks.*.jsonl")
        for line in path.read_text().splitlines()
    ]
    assert len(ids) == len(set(ids))
    assert set(acknowledged) <= set(ids) and len(acknowledged) > 50


def assert_each_change_arrived_under_one_number(receiver: Receiver, last: int) -> None:
    by_number: dict[int, dict] = {}
    for delivery in receiver.deliveries:
        for change in delivery.body["data"]["changes"]:
            known = by_number.setdefault(change["change_seq"], change)
            assert known == change, "one number, two changes"
    assert sorted(by_number) == list(range(1, last + 1)), "a number is missing"
    is_in: dict[tuple[str, str], bool] = {}
    for _, change in sorted(by_number.items()):
        key = (change["customer_key"], change["segment_code"])
        if change["action"] != "permission":
            entered = change["action"] == "entered"
            assert is_in.get(key) is not entered, f"{change} twice"
            is_in[key] = entered
