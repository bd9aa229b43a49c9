"""How long it takes from an event to a signed webhook, and to look somebody up, at several rates of events.

The service runs in a process of its own, on the published generation, lookups in another. Load and the receiver of webhooks
are in this one, so the cores are shared, as they would be on one machine. Redis, where it is installed, answers the same lookups.
"""

import asyncio
import base64
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from audiencekit.bench.live_customers import multiply
from audiencekit.bench.live_lookups import (
    HOST,
    Lookups,
    has_redis,
    redis,
    shares,
    start_lookups,
    times_of,
)
from audiencekit.live.lookup import LOGIN, Lookup, NewLogins, some_logins
from audiencekit.publish.live_state import FORMAT
from audiencekit.workspace import Workspace

# Events of one request, as libraries of servers send them.
TOGETHER = 20
# How long the last changes may take to arrive after the load is over, in seconds.
_SETTLES = 10.0
# How long everything that waits may take to be evaluated then.
_CATCHES_UP = 600.0
# How many people Redis knows, and how long lookups are measured while nothing else happens, in seconds.
_IN_REDIS, _IDLE = 5_000, 10.0


@dataclass
class Measured:
    """Times in seconds at one rate. `waiting` is the most calls that waited, `memory` in bytes.

    `caught_up` is how long after the load the last call was evaluated; None if that did not happen.
    """

    rate: int
    sent: int = 0
    acknowledged: list[float] = field(default_factory=list)
    delivered: list[float] = field(default_factory=list)
    looked_up: list[float] = field(default_factory=list)
    waiting: int = 0
    memory: int = 0
    caught_up: float | None = None


class Receiver(ThreadingHTTPServer):
    """Takes webhooks, and notes how old the events are that a change follows from."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Handler)
        self.ages: list[float] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def take(self, body: bytes) -> None:
        now = time.monotonic()
        for change in json.loads(body)["data"]["changes"]:
            # The last event is the one that made the difference.
            sent = [float(event.split()[0]) for event in change["event_ids"]]
            self.ages += [now - max(sent)] if sent else []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.server.take(self.rfile.read(int(self.headers["Content-Length"])))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@dataclass(frozen=True)
class Running:
    """The service: its port, its process, its keys, and the generation that it has."""

    port: int
    process: subprocess.Popen
    write_key: str
    read_key: str
    generation: Path

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def memory(self) -> int:
        """Bytes of its own, and of the processes that it started. Pages of mapped files, which the system takes back when it
        needs them, are left out."""
        started = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        pids = [
            self.process.pid,
            *(int(pid) for path in started for pid in path.read_text().split()),
        ]
        return sum(map(_memory, pids))


def _memory(pid: int) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        status = Path(f"/proc/{pid}/status").read_text()
        return sum(int(line.split()[1]) * 1024 for line in status.splitlines() if "RssAnon" in line)
    return 0


@dataclass(frozen=True)
class Load:
    """Rates of events a second, for how many seconds each, how many lookups a second meanwhile, and how many customers there are.

    0 customers are those published.
    """

    rates: Sequence[int]
    seconds: float
    lookups: int = 100
    customers: int = 0


@contextmanager
def running(published: Path, folder: Path, hook: str) -> Iterator[Running]:
    """`audiencekit live` on a published generation, in a home of its own, until the block ends."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "home").mkdir(parents=True)
    (folder / "home" / "published").symlink_to(published)
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    write_key, read_key = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    options = ["--port", str(port), "--webhook", hook, "--demo"]
    # All of the load comes from one address with one key.
    options += ["--calls-per-address", "1000000", "--calls-per-key", "1000000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "audiencekit.cli", "live", str(folder / "log"), *options],
        env=os.environ
        | {
            "AUDIENCEKIT_HOME": str(folder / "home"),
            "AUDIENCEKIT_WRITE_KEYS": write_key,
            "AUDIENCEKIT_READ_KEYS": read_key,
            "AUDIENCEKIT_WEBHOOK_SECRET": secret,
            "NO_PROXY": HOST,
        },
        stdout=subprocess.DEVNULL,
    )
    try:
        url = f"http://{HOST}:{port}"
        _wait_until_ready(url, process)
        yield Running(port, process, write_key, read_key, published / "current")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
        # Its log is of no use any more, and large.
        shutil.rmtree(folder / "log")


def _wait_until_ready(url: str, process: subprocess.Popen) -> None:
    while process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the service ended before it was ready")


async def _load(
    service: Running, logins: Sequence[str], measured: Measured, seconds: float
) -> None:
    """Send events at the rate, whatever the answers take, and then wait until all are evaluated."""
    chance = random.Random(measured.rate)
    events = ["Product Viewed"] * 5 + ["Product Added", "Order Completed"]
    async with httpx.AsyncClient(timeout=30) as client:

        async def send() -> None:
            calls = [
                {
                    "type": "track",
                    "event": chance.choice(events),
                    "userId": chance.choice(logins),
                    "messageId": f"{time.monotonic()} {secrets.token_hex(6)}",
                    "properties": {"product_id": f"P{chance.randrange(99)}"},
                }
                for _ in range(TOGETHER)
            ]
            started = time.monotonic()
            body = {"batch": calls, "writeKey": service.write_key}
            with suppress(httpx.TransportError):
                answer = await client.post(f"{service.url}/v1/batch", json=body)
                if answer.status_code != 200:
                    return
                measured.acknowledged.append(time.monotonic() - started)
                measured.sent += len(calls)

        async def watch() -> int | None:
            measured.memory = max(measured.memory, service.memory())
            with suppress(httpx.TransportError):
                state = (await client.get(f"{service.url}/readyz")).json()
                measured.waiting = max(measured.waiting, state["waiting"])
                return int(state["waiting"])
            return None

        tasks = [
            asyncio.create_task(_every(TOGETHER / measured.rate, seconds, send)),
            asyncio.create_task(_every(0.5, seconds, watch)),
        ]
        await asyncio.gather(*tasks)
        ended = time.monotonic()
        while measured.caught_up is None and time.monotonic() - ended < _CATCHES_UP:
            if await watch() == 0:
                measured.caught_up = time.monotonic() - ended
            await asyncio.sleep(0.2)
        await asyncio.sleep(_SETTLES)


async def _every(wait: float, seconds: float, work) -> None:  # type: ignore[no-untyped-def]
    """Begin some work at a steady rate, without waiting for what began before."""
    started, number, tasks = time.monotonic(), 0, []
    while number * wait < seconds:
        await asyncio.sleep(max(0.0, started + number * wait - time.monotonic()))
        tasks.append(asyncio.create_task(work()))
        number += 1
    await asyncio.gather(*tasks)


def run_live_bench(
    workspace: Workspace, folder: Path, load: Load, console: Console
) -> list[Measured]:
    """Measure each rate, with a service of its own each, and lookups while there are no events. Prints tables."""
    published = _published(workspace, folder, load.customers, console)
    logins = some_logins(published / "current", 1_000_000)
    console.print(f"{len(logins):,} customers with a login; {load.seconds:.0f} s for each rate")
    results: list[Measured] = []
    for rate in load.rates:
        receiver = Receiver()
        hook = f"http://{HOST}:{receiver.server_port}"
        with running(published, folder / "service", hook) as service:
            measured = Measured(rate)
            if not results:
                console.print(_idle_lookups(service, folder, logins, load.lookups))
            asked = start_lookups(_lookups(service, logins, load.lookups, load.seconds))
            try:
                asyncio.run(_load(service, logins, measured, load.seconds))
                measured.looked_up = times_of(asked)
            finally:
                asked.kill()
        measured.delivered = receiver.ages
        receiver.shutdown()
        results.append(measured)
        console.print(_table([measured], load.seconds))
    return results


def _lookups(service: Running, logins: Sequence[str], rate: float, seconds: float) -> Lookups:
    # A description for another process: it need not be long to be random.
    some = random.Random(1).sample(logins, min(len(logins), 20_000))
    return Lookups(service.port, some, rate, seconds, service.read_key)


def _idle_lookups(service: Running, folder: Path, logins: Sequence[str], rate: float) -> str:
    """How long lookups take without events: in the process, over HTTP, and of Redis with the same answers."""
    lookups = _lookups(service, logins, rate, _IDLE)
    over_http = times_of(start_lookups(lookups))
    headers = {"authorization": f"Bearer {service.read_key}"}
    from_redis: list[float] = []
    if has_redis():
        known = lookups.logins[:_IN_REDIS]
        with httpx.Client(headers=headers) as client:
            url = f"{service.url}/v1/personalize"
            answers = {user: client.get(url, params={"user_id": user}).content for user in known}
        with redis(folder, answers) as port:
            from_redis = times_of(start_lookups(Lookups(port, known, rate, _IDLE)))
    in_process = []
    lookup = Lookup(service.generation, NewLogins())
    for login in lookups.logins:
        started = time.perf_counter()
        lookup.recommendations(lookup.customer(LOGIN, login))
        in_process.append(time.perf_counter() - started)
    return (
        f"{rate:,} lookups a second without events, in milliseconds, half of all and 99 of 100: {shares(in_process, 2)} in the "
        f"process, {shares(over_http, 2)} over HTTP, {shares(from_redis, 2)} from Redis"
    )


def _published(workspace: Workspace, folder: Path, customers: int, console: Console) -> Path:
    """The folder of published generations: the workspace's own, or one with copies of its customers."""
    if not customers:
        return workspace.published
    published = folder / f"published-{customers}-of-format-{FORMAT}"
    if not (published / "current").exists():
        console.print(f"Writing a generation with {customers:,} customers")
        shutil.rmtree(published, ignore_errors=True)
        multiply(workspace.current.resolve(), published, customers)
    return published


def _table(results: Sequence[Measured], seconds: float) -> Table:
    table = Table(
        "events/s",
        "taken/s",
        "acknowledged",
        "event to webhook",
        "changes",
        "lookup",
        "waiting",
        "caught up",
        "memory",
    )
    for each in results:
        table.add_row(
            f"{each.rate:,}",
            f"{each.sent / seconds:,.0f}",
            shares(each.acknowledged),
            shares(each.delivered),
            f"{len(each.delivered):,}",
            shares(each.looked_up),
            f"{each.waiting:,}",
            "no" if each.caught_up is None else f"{each.caught_up:,.1f} s",
            f"{each.memory / 2**20:,.0f} MB",
        )
    table.title = "Milliseconds, half of all and 99 of 100"
    return table
