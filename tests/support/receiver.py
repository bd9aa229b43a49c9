"""An HTTP receiver on loopback that fails on purpose, by seed, and remembers what it processed.

Of the requests it gets, a share goes wrong in one of four ways: HTTP 500, HTTP 429 with
`Retry-After: 0`, the connection dropped before anything is processed, or the request processed and
the connection closed without an answer. It can also kill the client at the n-th request.
"""

import json
import os
import random
import signal
import socket
import subprocess
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from standardwebhooks import Webhook, WebhookVerificationError

FAULTS = ("500", "429", "drop", "lost")


@dataclass(frozen=True)
class Delivery:
    """A processed request: its idempotency key, where it went, and its body."""

    key: str
    path: str
    method: str
    text: str

    @property
    def body(self) -> dict:
        return json.loads(self.text)


class Receiver(ThreadingHTTPServer):
    """`with Receiver(fault_rate=0.3, seed=1) as receiver: … receiver.url …`"""

    daemon_threads = True

    def __init__(self, fault_rate: float = 0.0, seed: int = 0, secret: str | None = None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fault_rate, self.chance, self.secret = fault_rate, random.Random(seed), secret
        self.kinds = FAULTS
        self.lock = threading.Lock()
        self.requests = 0
        self.faults = 0
        self.refused = 0
        self.headers_seen: list[dict[str, str]] = []
        self.deliveries: list[Delivery] = []
        self.kills: list[int] = []
        self.victim: subprocess.Popen | None = None

    def __enter__(self) -> "Receiver":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}).start()
        return self

    def __exit__(self, *_) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address) -> None:
        """A killed client leaves broken connections; they are meant."""

    def meet(self, delivery: Delivery, headers: dict[str, str]) -> str:
        """What becomes of a request: "ok", "refused" or one of FAULTS."""
        with self.lock:
            self.requests += 1
            self.headers_seen.append(headers)
            # Every other kill comes before the request is processed, every other one after.
            if self.kills and self.requests >= self.kills[0]:
                self.kills.pop(0)
                self.victim.send_signal(signal.SIGKILL)
                if len(self.kills) % 2:
                    return "drop"
                self.deliveries.append(delivery)
                return "lost"
            if self.secret and not self._is_signed(delivery, headers):
                self.refused += 1
                return "refused"
            fault = self.chance.random() < self.fault_rate and self.chance.choice(self.kinds)
            self.faults += bool(fault)
            if fault in (False, "lost"):
                self.deliveries.append(delivery)
            return fault or "ok"

    def _is_signed(self, delivery: Delivery, headers: dict[str, str]) -> bool:
        try:
            Webhook(self.secret).verify(delivery.text, headers)
        except WebhookVerificationError:
            return False
        return True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        key = headers.get("idempotency-key") or headers.get("webhook-id") or ""
        outcome = self.server.meet(Delivery(key, self.path, self.command, text), headers)
        if outcome in ("drop", "lost"):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response({"ok": 200, "refused": 401}.get(outcome) or int(outcome))
        if outcome == "429":
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def log_message(self, *_) -> None:
        """Quiet."""


@dataclass(frozen=True)
class Runs:
    """What it took until a run had nothing to send."""

    killed: int
    failed: int
    done: int
    printed: str


def run_until_quiet(
    command: Iterable[str],
    receiver: Receiver,
    variables: dict[str, str],
    folder: Path,
    kills: Iterable[int] = (),
) -> Runs:
    """Run a client again and again, killing it at the n-th requests, until a run sends nothing.

    So the last run is an unchanged rerun that made 0 requests.
    """
    receiver.kills = [receiver.requests + n for n in kills]
    killed = failed = done = 0
    printed = ""
    for _ in range(25):
        before = receiver.requests
        receiver.victim = start(command, variables, folder)
        output, _ = receiver.victim.communicate(timeout=100)
        printed += output
        if receiver.victim.returncode == -signal.SIGKILL:
            killed += 1
        elif receiver.victim.returncode:
            failed += 1
        else:
            done += 1
            if receiver.requests == before:
                return Runs(killed, failed, done, printed)
    raise AssertionError(f"still sending after {killed + failed + done} runs:\n{printed[-2000:]}")


def start(command: Iterable[str], variables: dict[str, str], folder: Path) -> subprocess.Popen:
    """A client in a process of its own, with no proxy between it and the receiver."""
    return subprocess.Popen(
        list(command),
        env=os.environ | {"NO_PROXY": "127.0.0.1", "DO_NOT_TRACK": "1"} | variables,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
