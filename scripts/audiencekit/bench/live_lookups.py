"""Lookups at a steady rate, over connections that are kept, of the live service or of Redis with the same answers.

They come from a process of their own (`python -m audiencekit.bench.live_lookups`), which reads what to ask as JSON. A time
counts from when a lookup was due, so one that waits for the one before it is slow, too.
"""

import asyncio
import json
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

HOST = "127.0.0.1"
_CONNECTIONS = 16

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Lookups:
    """What is asked: logins, at random, so many a second for so many seconds. `read_key` is empty for Redis."""

    port: int
    logins: Sequence[str]
    rate: float
    seconds: float
    read_key: str = ""


def start_lookups(lookups: Lookups) -> subprocess.Popen[str]:
    """Begin them in a process of their own. `times_of` waits for it."""
    command = [sys.executable, "-m", "audiencekit.bench.live_lookups"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stdin
    process.stdin.write(json.dumps(asdict(lookups)) + "\n")
    process.stdin.flush()
    return process


def times_of(process: subprocess.Popen[str]) -> list[float]:
    """How long the lookups took, in seconds. Raises RuntimeError where they failed."""
    printed, _ = process.communicate()
    if process.returncode:
        raise RuntimeError("lookups failed; the error is above")
    return json.loads(printed)


def has_redis() -> bool:
    """Whether redis-server is installed."""
    return shutil.which("redis-server") is not None


@contextmanager
def redis(folder: Path, answers: dict[str, bytes]) -> Iterator[int]:
    """A Redis server that has these answers, and its port."""
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", HOST, "--dir", str(folder)]
    command += ["--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with _connected(port) as server, server.makefile("rb") as replies:
            for login, answer in answers.items():
                server.sendall(_command(b"SET", login.encode(), answer))
                replies.readline()
        yield port
    finally:
        process.terminate()
        process.wait()


def _connected(port: int) -> socket.socket:
    for _ in range(50):
        try:
            return socket.create_connection((HOST, port))
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise RuntimeError("redis-server does not answer")


def _command(*words: bytes) -> bytes:
    """A command as Redis reads it: https://redis.io/docs/latest/develop/reference/protocol-spec"""
    parts = [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
    return b"*%d\r\n%s" % (len(words), b"".join(parts))


async def _ask_redis(connection: Connection, login: str) -> None:
    reader, writer = connection
    writer.write(_command(b"GET", login.encode()))
    length = int((await reader.readline())[1:])
    await reader.readexactly(length + 2)


def _asking(read_key: str) -> Callable[[Connection, str], Awaitable[None]]:
    async def ask(connection: Connection, login: str) -> None:
        reader, writer = connection
        writer.write(
            f"GET /v1/personalize?user_id={quote(login)} HTTP/1.1\r\nHost: {HOST}\r\n"
            f"Authorization: Bearer {read_key}\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = head.lower().split(b"content-length:")[1].split(b"\r\n")[0]
        await reader.readexactly(int(length))

    return ask


async def _measure(lookups: Lookups) -> list[float]:
    ask = _asking(lookups.read_key) if lookups.read_key else _ask_redis
    chance, due = random.Random(lookups.rate), asyncio.Queue[float]()
    times: list[float] = []

    async def answer() -> None:
        connection = await asyncio.open_connection(HOST, lookups.port)
        while (at := await due.get()) >= 0:
            await ask(connection, chance.choice(lookups.logins))
            times.append(time.monotonic() - at)
        connection[1].close()

    workers = [asyncio.create_task(answer()) for _ in range(_CONNECTIONS)]
    started = time.monotonic()
    for number in range(int(lookups.rate * lookups.seconds)):
        at = started + number / lookups.rate
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        due.put_nowait(at)
    for _ in workers:
        due.put_nowait(-1)
    await asyncio.gather(*workers)
    return times


def shares(seconds: Sequence[float], digits: int = 0) -> str:
    """Milliseconds: half of all, and 99 of 100."""
    if not len(seconds):
        return "none"
    half, most = np.quantile(seconds, [0.5, 0.99]) * 1000
    return f"{half:,.{digits}f} / {most:,.{digits}f}"


if __name__ == "__main__":
    json.dump(asyncio.run(_measure(Lookups(**json.loads(sys.stdin.readline())))), sys.stdout)
