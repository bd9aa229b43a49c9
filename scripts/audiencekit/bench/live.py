"""How long it takes from an event to a signed webhook, and to look somebody up, at several rates of events.

The service runs in a process of its own, on the published generation. Load, lookups and the receiver of webhooks are in
this one, so both cores are shared, as they would be on one machine.
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
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import numpy as np
from rich.console import Console
from rich.table import Table

from audiencekit.bench.live_customers import multiply
from audiencekit.live.lookup import some_logins
from audiencekit.workspace import Workspace

# Events of one request, as libraries of servers send them, and lookups a second.
TOGETHER, LOOKUPS = 20, 50
# How long the last changes may take to arrive after the load is over.
_SETTLES = 10.0
_HOST = "127.0.0.1"


@dataclass
class Measured:
    """Times in seconds at one rate. `waiting` is the most calls that waited, `memory` in bytes."""

    rate: int
    sent: int = 0
    acknowledged: list[float] = field(default_factory=list)
    delivered: list[float] = field(default_factory=list)
    looked_up: list[float] = field(default_factory=list)
    waiting: int = 0
    memory: int = 0


class Receiver(ThreadingHTTPServer):
    """Takes webhooks, and notes how old the events are that a change follows from."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((_HOST, 0), _Handler)
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
    """The service: its address, its process and its keys."""

    url: str
    process: subprocess.Popen
    write_key: str
    read_key: str

    def memory(self) -> int:
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Load:
    """Rates of events a second, for how many seconds each, and how many customers there are: 0 for those published."""

    rates: Sequence[int]
    seconds: float
    customers: int = 0


@contextmanager
def running(published: Path, folder: Path, hook: str) -> Iterator[Running]:
    """`audiencekit live` on a published generation, in a home of its own, until the block ends."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "home").mkdir(parents=True)
    (folder / "home" / "published").symlink_to(published)
    with socket.create_server((_HOST, 0)) as free:
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
            "NO_PROXY": _HOST,
        },
        stdout=subprocess.DEVNULL,
    )
    try:
        url = f"http://{_HOST}:{port}"
        _wait_until_ready(url, process)
        yield Running(url, process, write_key, read_key)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


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
    """Send events at the rate, whatever the answers take, and look people up meanwhile."""
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
            answer = await client.post(f"{service.url}/v1/batch", json=body)
            if answer.status_code == 200:
                measured.acknowledged.append(time.monotonic() - started)
                measured.sent += len(calls)

        async def look_up() -> None:
            started = time.monotonic()
            headers = {"authorization": f"Bearer {service.read_key}"}
            params = {"user_id": chance.choice(logins)}
            await client.get(f"{service.url}/v1/personalize", params=params, headers=headers)
            measured.looked_up.append(time.monotonic() - started)

        async def watch() -> None:
            state = (await client.get(f"{service.url}/readyz")).json()
            measured.waiting = max(measured.waiting, state["waiting"])
            measured.memory = max(measured.memory, service.memory())

        tasks = [
            asyncio.create_task(_every(TOGETHER / measured.rate, seconds, send)),
            asyncio.create_task(_every(1 / LOOKUPS, seconds, look_up)),
            asyncio.create_task(_every(0.5, seconds + _SETTLES, watch)),
        ]
        await asyncio.gather(*tasks)


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
    """Measure each rate, with a service of its own each. Prints a table."""
    published = _published(workspace, folder, load.customers, console)
    logins = some_logins(published / "current", 1_000_000)
    console.print(f"{len(logins):,} customers with a login; {load.seconds:.0f} s for each rate")
    results = []
    for rate in load.rates:
        receiver = Receiver()
        hook = f"http://{_HOST}:{receiver.server_port}"
        with running(published, folder / "service", hook) as service:
            measured = Measured(rate)
            asyncio.run(_load(service, logins, measured, load.seconds))
        measured.delivered = receiver.ages
        receiver.shutdown()
        results.append(measured)
        console.print(f"  {rate:,} events a second: done")
    console.print(_table(results, load.seconds))
    return results


def _published(workspace: Workspace, folder: Path, customers: int, console: Console) -> Path:
    """The folder of published generations: the workspace's own, or one with copies of its customers."""
    if not customers:
        return workspace.published
    published = folder / f"published-{customers}"
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
        "memory",
    )
    for each in results:
        table.add_row(
            f"{each.rate:,}",
            f"{each.sent / seconds:,.0f}",
            _shares(each.acknowledged),
            _shares(each.delivered),
            f"{len(each.delivered):,}",
            _shares(each.looked_up),
            f"{each.waiting:,}",
            f"{each.memory / 2**20:,.0f} MB",
        )
    table.title = "Milliseconds, half of all and 99 of 100"
    return table


def _shares(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    half, most = np.quantile(seconds, [0.5, 0.99]) * 1000
    return f"{half:,.0f} / {most:,.0f}"
