"""Run the service until it is asked to stop."""

import errno
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.routing import Route

from audiencekit.delivery.sending import Runtime
from audiencekit.errors import UserError
from audiencekit.intake.landing_settings import FileSettings, read_settings
from audiencekit.live.app import application
from audiencekit.live.bounded_http import BoundedHttp
from audiencekit.live.collector import Collector, Settings
from audiencekit.live.engine import Engine, Source
from audiencekit.live.journal import Journal
from audiencekit.live.log import CallLog
from audiencekit.live.webhooks import Hook, Sender
from audiencekit.workspace import Workspace

# How long one thread may keep the others waiting, in seconds. Python's own value is 0.005, and an answer has to wait several
# times for the thread that evaluates.
SWITCH = 0.0005


@dataclass(frozen=True)
class Address:
    """Where the server listens. Port 0 is any that is free. `proxies` are believed when they name a client's address."""

    host: str = "127.0.0.1"
    port: int = 8765
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Service:
    """The parts of a service that are opened, and work as soon as they are served."""

    collector: Collector
    engine: Engine
    senders: tuple[Sender, ...]
    pages: tuple[Route, ...] = ()


def open_service(
    workspace: Workspace, log: Path, settings: Settings, hooks: Sequence[Hook], runtime: Runtime
) -> Service:
    """Open the log and the journal. Raises UserError where another process has one of them open."""
    calls = CallLog(log, settings.clock())
    source = Source(workspace.current, calls, _settings_of(log), settings.clock)
    journal = Journal(workspace.home / "live")
    engine = Engine(source, journal)
    collector = Collector(calls, settings, lambda rows: engine.inbox.put(rows, calls.number))
    return Service(collector, engine, tuple(Sender(hook, journal, runtime) for hook in hooks))


def _settings_of(log: Path) -> FileSettings:
    """What landing.yml says of the log, which is a folder of the landing folder."""
    return read_settings(log.parent).of(f"{log.name}/tracks.000001.jsonl")


def serve(service: Service, address: Address, say: Callable[[str], None]) -> None:
    """Take in calls, evaluate and answer until SIGINT or SIGTERM. Raises UserError if the address is taken."""
    listener = _listen(address)
    host, port = listener.getsockname()[:2]
    log = service.collector.log.folder
    say(f"http://{host}:{port}/v1 takes in calls of Segment's libraries; {log} has them.")
    for page in service.pages:
        say(f"Open http://{host}:{port}{page.path} in a browser.")
    sys.setswitchinterval(SWITCH)
    # The server ends in order, and then passes the signal on.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(configuration(service, address)).run(sockets=[listener])


def configuration(service: Service, address: Address) -> uvicorn.Config:
    """How the service is served."""
    app = application(
        service.collector,
        service.engine,
        service.senders,
        service.pages,
        knows_proxies=bool(address.proxies),
    )
    return uvicorn.Config(
        app,
        http=BoundedHttp,
        ws="none",
        host=address.host,
        port=address.port,
        # Anybody could name another address, so no header is believed unless somebody asked for it.
        proxy_headers=bool(address.proxies),
        forwarded_allow_ips=list(address.proxies),
        log_level="warning",
        access_log=False,
        server_header=False,
        # A stream of changes has no end of its own.
        timeout_graceful_shutdown=3,
    )


def _listen(address: Address) -> socket.socket:
    try:
        return socket.create_server((address.host, address.port))
    except OSError as problem:
        if problem.errno != errno.EADDRINUSE:
            raise UserError(f"{address.host}:{address.port}: {problem.strerror}") from None
        raise UserError(
            f"Another program listens on {address.host}:{address.port}. Choose another with --port."
        ) from None
