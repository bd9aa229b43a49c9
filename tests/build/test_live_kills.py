"""`audiencekit live` is killed again and again under load: nothing is lost, nothing comes twice.

Its receiver fails, its clock is set forward and back between two starts, and generations with other rules are published
while it works.
"""

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
from collections.abc import Callable
from pathlib import Path

import httpx
import live_service
from generations import logins_of
from live_service import READ_KEY, SECRET, WRITE_KEY
from receiver import Receiver
from test_live_service import publish_again, workspace

from audiencekit.live.journal import Journal
from audiencekit.live.quiet_hours import QUIET
from audiencekit.workspace import Workspace

__all__ = ["workspace"]

# AUDIENCEKIT_KILLS=50 for the long run.
KILLS = int(os.environ.get("AUDIENCEKIT_KILLS", "2"))
PROCESS = Path(live_service.__file__).with_name("live_process.py")
# How far the clock of a process is ahead, in seconds, at most. That of the last process is.
AHEAD = 7_200.0
# Each generation has one of these rules of high intent, in turn: the first is the one that is published.
RULES = tuple(f"product_views_10m > {number}" for number in (3, 1, 300))


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


def start(workspace: Workspace, ahead: float, *options: str) -> subprocess.Popen:
    """The service, `ahead` seconds after the build."""
    return subprocess.Popen(
        [sys.executable, str(PROCESS), str(ahead), "live", *options, "--batch", "5", "--demo"],
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


def kill_evaluators(process: subprocess.Popen) -> None:
    """Kill the process in which the service evaluates."""
    for path in Path(f"/proc/{process.pid}/task").glob("*/children"):
        for pid in path.read_text().split():
            os.kill(int(pid), signal.SIGKILL)


def has_changes(workspace: Workspace, is_back: bool) -> bool:
    """Whether there are changes; with `is_back`, whether one has an earlier moment than one before it."""
    moments = [
        json.loads(line)["occurred_at"]
        for path in sorted((workspace.home / "live").glob("changes.*.jsonl"))
        for line in path.read_text().splitlines(keepends=True)
        if line.endswith("\n")
    ]
    return moments != sorted(moments) if is_back else bool(moments)


def wait_until(is_true: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not is_true():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.1)


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
    owners = dict(logins_of(workspace.current))
    chance, port, log = random.Random(11), free_port(), tmp_path / "live"
    url, seconds, build_id = f"http://127.0.0.1:{port}", [], ""
    with Receiver(fault_rate=0.3, seed=11, secret=SECRET) as receiver:
        options = (str(log), "--port", str(port), "--webhook", receiver.url)
        # All of the load comes from one address.
        options += ("--calls-per-address", "1000000", "--calls-per-key", "1000000")
        with Load(url, list(owners)) as load:
            for number in range(KILLS):
                # The clock is set forward, and back.
                half = AHEAD / 2 * (number % 2 == 0)
                process = start(workspace, half + chance.uniform(0, AHEAD / 2), *options)
                # Every third one is killed while it starts.
                if number % 3 < 2:
                    seconds.append(wait_until_ready(url))
                # Every second one loses its evaluator before.
                if number % 2 == 0:
                    kill_evaluators(process)
                # The first has announced something before the second does, at an earlier moment.
                if number < 2:
                    wait_until(lambda number=number: has_changes(workspace, is_back=number == 1))
                # Every second one while it loads a new generation, or shortly afterwards.
                if number % 2:
                    build_id = publish_rule(workspace, number // 2)
                time.sleep(chance.uniform(0.2, 5))
                process.send_signal(signal.SIGKILL)
                process.wait()
            process = start(workspace, AHEAD, *options)
            seconds.append(wait_until_ready(url))
            kill_evaluators(process)
            # This one survives the switch.
            build_id = publish_rule(workspace, KILLS // 2)
            wait_for_build(url, build_id)
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
    journal = Journal(workspace.home / "live")
    assert_clock_and_rules_changed(journal.read(0, last), build_id)
    announced = journal.announced()
    known = {key: {s: dict(r) for s, r in announced[key].items()} for key in segments}
    assert by_day(known) == by_day(segments)


def by_day(segments: dict[str, dict[str, dict]]) -> dict[str, dict[str, dict]]:
    """Why members are left out, but for the night: that it begins is not announced."""
    return {
        key: {
            segment: {channel: None if why == QUIET else why for channel, why in channels.items()}
            for segment, channels in of_one.items()
        }
        for key, of_one in segments.items()
    }


def publish_rule(workspace: Workspace, number: int) -> str:
    """Publish the generation again, with the next rule of high intent."""
    old, new = RULES[number % len(RULES)], RULES[(number + 1) % len(RULES)]
    return publish_again(workspace, f"update cone.steps set sql = replace(sql, '{old}', '{new}')")


def wait_for_build(url: str, build_id: str) -> None:
    """Wait until the service works with a generation."""
    wait_until(lambda: httpx.get(f"{url}/readyz", timeout=30).json()["build_id"] == build_id)


def until_quiet(url: str, headers: dict, receiver: Receiver) -> int:
    """The last change_seq, when everything is evaluated and the receiver has it all."""
    end, last, since = time.monotonic() + 240, -1, time.monotonic()
    while time.monotonic() < end:
        state = httpx.get(f"{url}/v1/changes?after=999999999", headers=headers).json()
        received = max(
            (c["change_seq"] for d in list(receiver.deliveries) for c in d.body["data"]["changes"]),
            default=0,
        )
        ready = httpx.get(f"{url}/readyz").json()
        waiting = ready["waiting"] or ready["customers_waiting"]
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


def assert_clock_and_rules_changed(changes: list[dict], build_id: str) -> None:
    """What is tried was there to see: moments go back, and the last generation changed members."""
    moments = [change["occurred_at"] for change in changes]
    assert moments != sorted(moments), "the clock never went back"
    of_last = [change for change in changes if change["build_id"] == build_id]
    assert of_last, "the last generation changed nobody"
    assert len({change["build_id"] for change in changes}) > 1
