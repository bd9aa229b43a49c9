"""`audiencekit live` in a thread of the test, with a clock that the test sets."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import httpx
import uvicorn
from standardwebhooks import Webhook
from starlette.routing import Route

from audiencekit.delivery.cursors import receiver_folder
from audiencekit.delivery.sending import Runtime
from audiencekit.live.collector import Settings
from audiencekit.live.keys import Keys
from audiencekit.live.limits import ADDRESS, DEVICE, KEY, Limits, Rate
from audiencekit.live.preference_tokens import Signer
from audiencekit.live.server import Address, Service, configuration, open_service
from audiencekit.live.webhooks import Hook
from audiencekit.workspace import Workspace

WRITE_KEY, READ_KEY = "write-key-of-these-tests", "read-key-of-these-tests"
SECRET = "whsec_" + "c2ltdWxhdGVkLXNlY3JldC1vZi10aGUtdGVzdHM="
LINK_SECRET = b"simulated-secret-of-links-to-preferences"
SECONDS = 60.0
# Limits that no test reaches: all of its load comes from one address.
_MANY = Rate(1_000_000, 1_000_000)
OPEN = {KEY: _MANY, ADDRESS: _MANY, DEVICE: _MANY}


class SetClock:
    """A clock that shows one moment until it is set. UTC."""

    def __init__(self, now: datetime):
        self.now = now.replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Client:
    """What a website, a marketing tool and an operator do."""

    url: str
    clock: SetClock
    service: Service

    def track(self, event: str, **call) -> None:
        """Send one event, which happens now."""
        body = {
            "event": event,
            "timestamp": self.clock.now.isoformat(),
            "writeKey": WRITE_KEY,
        } | call
        answer = httpx.post(f"{self.url}/v1/track", json=body)
        assert answer.status_code == 200, answer.text

    def get(self, path: str, key: str = READ_KEY, **request) -> httpx.Response:
        headers = {"authorization": f"Bearer {key}"} | request.pop("headers", {})
        return httpx.get(f"{self.url}{path}", headers=headers, **request)

    def segments(self, user: str) -> dict[str, dict]:
        """The segments of a login, with why it is left out by channel."""
        answer = self.get(f"/v1/people/{user}", params={"by": "user_id"})
        assert answer.status_code == 200, answer.text
        return {each["segment_code"]: each["channels"] for each in answer.json()["segments"]}

    def changes(self, after: int = 0) -> list[dict]:
        return self.get("/v1/changes", params={"after": after}).json()["changes"]

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds. Fails after a minute."""
        end = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < end, "it did not come about"
            time.sleep(0.02)

    def is_ready(self) -> bool:
        """Whether lookups are answered, and everybody was evaluated with the generation."""
        state = self.get("/readyz").json()
        return state["is_ready"] and not state["customers_waiting"]

    def wait_until_evaluated(self) -> None:
        """Wait until the engine has seen what was sent, and the moment of the clock."""
        moment = self.clock.now.replace(tzinfo=None)
        engine = self.service.engine
        sent = self.service.collector.counts["taken"]
        self.wait(
            lambda: (
                engine.counts.evaluated_at == moment
                and engine.counts.calls >= sent
                and not len(engine.inbox)
                and not engine.loaded.members.waiting
            )
        )

    def stream(self, after: int, number: int) -> list[dict]:
        """The first changes of a stream."""
        headers = {"accept": "text/event-stream", "authorization": f"Bearer {READ_KEY}"}
        found: list[dict] = []
        address = f"{self.url}/v1/changes?after={after}"
        with httpx.stream("GET", address, headers=headers, timeout=SECONDS) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    found.append(json.loads(line[6:]))
                    if len(found) == number:
                        return found
        return found


@contextlib.contextmanager
def running(
    workspace: Workspace,
    log: Path,
    clock: SetClock,
    hook: str | None = None,
    pages: Sequence[Route] = (),
    limits: Limits | None = None,
) -> Iterator[Client]:
    """The service on a free port of this machine, ready to answer."""
    hooks = []
    if hook:
        hooks.append(Hook(hook, Webhook(SECRET), receiver_folder(workspace, "live", hook, None)))
    runtime = Runtime(lambda: datetime.now(UTC).replace(tzinfo=None), Random(7), time.sleep)
    keys = Keys([WRITE_KEY], [READ_KEY])
    origins = ["https://shop.example"]
    settings = Settings(keys, clock, origins, limits or Limits(), Signer([LINK_SECRET]))
    service = open_service(workspace, log, settings, hooks, runtime)
    served = configuration(replace(service, pages=tuple(pages)), Address(port=0))
    server = uvicorn.Server(served)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        client = Client(f"http://127.0.0.1:{port}", clock, service)
        client.wait(client.is_ready)
        yield client
    finally:
        server.should_exit = True
        thread.join()
