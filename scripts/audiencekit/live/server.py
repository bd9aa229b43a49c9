"""Run the collector as a server, until it is asked to stop."""

import errno
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from audiencekit.errors import UserError
from audiencekit.live.collector import Collector, Settings, application
from audiencekit.live.log import CallLog

KEYS = "AUDIENCEKIT_WRITE_KEYS"


@dataclass(frozen=True)
class Address:
    """Where the server listens. Port 0 is any that is free."""

    host: str = "127.0.0.1"
    port: int = 8765


def write_keys() -> tuple[str, ...]:
    """The keys of the environment. Raises UserError if there is none, or one that can be guessed."""
    keys = tuple(key for key in os.environ.get(KEYS, "").replace(",", " ").split() if key)
    if not keys:
        raise UserError(
            f"Set {KEYS} to the keys that may send events, divided by commas. "
            f"A new one: {KEYS}=$(python -c 'import secrets; print(secrets.token_urlsafe(24))')"
        )
    if short := [key for key in keys if len(key) < 16]:
        raise UserError(f"{KEYS}: {len(short)} of {len(keys)} keys have fewer than 16 characters.")
    return keys


def serve(log: Path, settings: Settings, address: Address, say: Callable[[str], None]) -> Collector:
    """Take in calls until SIGINT or SIGTERM. Returns the collector with its counts.

    Raises UserError if the address is taken.
    """
    listener = _listen(address)
    collector = Collector(CallLog(log, settings.clock()), settings)
    host, port = listener.getsockname()[:2]
    say(f"http://{host}:{port}/v1 takes in calls of Segment's libraries; {log} has them.")
    config = uvicorn.Config(
        application(collector), log_level="warning", access_log=False, server_header=False
    )
    # The server ends in order, and then passes the signal on.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
    return collector


def _listen(address: Address) -> socket.socket:
    try:
        return socket.create_server((address.host, address.port))
    except OSError as problem:
        if problem.errno != errno.EADDRINUSE:
            raise UserError(f"{address.host}:{address.port}: {problem.strerror}") from None
        raise UserError(
            f"Another program listens on {address.host}:{address.port}. Choose another with --port."
        ) from None
