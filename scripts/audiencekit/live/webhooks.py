"""Send changes of the journal to a receiver as signed webhooks: in order, at least once, from where it stopped."""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from standardwebhooks import Webhook

from audiencekit.delivery.cursors import locked, read_cursor, save_cursor
from audiencekit.delivery.messages import signed_headers
from audiencekit.delivery.sending import NotDelivered, Request, RetryPolicy, Runtime, post
from audiencekit.live.journal import Journal

TYPE = "segment.changed"
# A receiver that is away is asked again for as long as it takes, because order matters.
_POLICY = RetryPolicy(tries=1_000_000, first_wait=0.2, longest_wait=30, timeout=15)


# How often it is looked whether everything was sent, and for how long, in seconds.
_LOOK, _PATIENCE = 0.05, 60.0


class _Stopping(Exception):
    """The process ends while a message waits to be tried again. It is sent at the next start."""


@dataclass(frozen=True)
class Hook:
    """Where to send changes, the signature, where to keep how far the receiver has come, and how many changes a message has."""

    url: str
    signer: Webhook
    folder: Path
    batch: int = 100

    @property
    def host(self) -> str:
        """For messages: an address can hold a token, a host cannot."""
        return urlsplit(self.url).hostname or "the receiver"


class Sender:
    """A thread that sends to one receiver. `delivered` counts changes; `problem` says why the receiver has none, if so."""

    def __init__(self, hook: Hook, journal: Journal, runtime: Runtime):
        self.hook, self._journal = hook, journal
        self._runtime = replace(runtime, sleep=self._sleep)
        self.delivered, self.problem = 0, ""
        self.cursor = 0
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="webhook", daemon=True)

    def start(self) -> None:
        """Raises UserError where another process sends to this receiver."""
        self._lock = locked(self.hook.folder)
        self._lock.__enter__()
        self.cursor = read_cursor(self.hook.folder)
        self._thread.start()

    def wake(self) -> None:
        """There are new changes."""
        self._changed.set()

    def stop(self) -> None:
        self._stopping.set()
        self._changed.set()
        self._thread.join()
        self._lock.__exit__(None, None, None)

    def _sleep(self, seconds: float) -> None:
        self.problem = self.problem or f"{self.hook.host} does not take changes; it is tried again"
        if self._stopping.wait(seconds):
            raise _Stopping

    def _work(self) -> None:
        with httpx.Client(timeout=_POLICY.timeout) as client:
            while not self._stopping.is_set():
                self._changed.clear()
                changes = self._journal.read(self.cursor, self.hook.batch)
                if not changes:
                    self._changed.wait(_POLICY.longest_wait)
                    continue
                try:
                    self._send(client, changes)
                except _Stopping:
                    return

    def _send(self, client: httpx.Client, changes: Sequence[dict[str, Any]]) -> None:
        body, name = message(changes), message_id(changes)

        def headers() -> dict[str, str]:
            return signed_headers(self.hook.signer, name, body, self._runtime.clock())

        try:
            request = Request(self.hook.url, body.encode(), headers)
            post(client, request, _POLICY, self._runtime)
        except NotDelivered as failure:
            # What a receiver refuses for good stays first in line, too: somebody has to look at it.
            self.problem = f"{self.hook.host} refuses changes: {failure}"
            self._sleep(_POLICY.longest_wait)
            return
        self.problem = ""
        self.cursor = changes[-1]["change_seq"]
        # Saved only now: if the process is killed before this line, the message is sent again.
        save_cursor(self.hook.folder, self.cursor)
        self.delivered += len(changes)


def send_all(hooks: Sequence[Hook], journal: Journal, runtime: Runtime) -> list[str]:
    """Send what receivers do not have yet, and wait until they have it, or do not take it. Returns what went wrong."""
    senders = [Sender(hook, journal, runtime) for hook in hooks]
    for sender in senders:
        sender.start()
    waited = 0.0
    while waited < _PATIENCE and any(sender.cursor < journal.last_seq for sender in senders):
        runtime.sleep(_LOOK)
        waited += _LOOK
    for sender in senders:
        sender.stop()
    late = [sender for sender in senders if sender.cursor < journal.last_seq]
    return [
        sender.problem or f"{sender.hook.host} has not taken all changes yet" for sender in late
    ]


def message(changes: Sequence[dict[str, Any]]) -> str:
    """The body, the same bytes for the same changes."""
    payload = {
        "type": TYPE,
        "timestamp": changes[-1]["occurred_at"],
        "data": {"changes": list(changes)},
    }
    return json.dumps(payload, sort_keys=True, separators=(",", ":"))


def message_id(changes: Sequence[dict[str, Any]]) -> str:
    """The same changes make the same id, in any process and at any time."""
    numbers = ",".join(str(change["change_seq"]) for change in changes)
    return f"msg_{sha256(numbers.encode()).hexdigest()[:32]}"
