"""Contact data that is sent to `audiencekit live`, or known of a customer, comes out nowhere: not in answers, logs, changes or webhooks.

What was sent is in the log of calls, because the log is an export that the next run takes in. It is nowhere else.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import httpx
import pytest
from generations import text_of_files
from live_service import READ_KEY, SECRET, WRITE_KEY
from receiver import Receiver
from test_live_service import workspace
from workspaces import CANARIES

from audiencekit.live.pages import openapi
from audiencekit.workspace import Workspace

__all__ = ["workspace"]

# The customer who has the contact data of CANARIES.
LOGIN = "canary-a"
TRAITS = {
    "email": "Livemail@example.com",
    "phone": "+1 206 555 0177",
    "firstName": "Livefirst",
    "lastName": "Livelast",
    "name": "Livefirst Livelast",
    "birthday": "1971-03-04",
    "address": {
        "street": "77 Livestreet",
        "city": "Livecity",
        "postalCode": "98177",
        "country": "US",
    },
}
IP = "203.0.113.177"
SENT = (
    "Livemail",
    "2065550177",
    "206 555 0177",
    "Livefirst",
    "Livelast",
    "Livestreet",
    "Livecity",
    "1971-03-04",
)
ALL = (*CANARIES, *SENT, IP, WRITE_KEY, READ_KEY)
READS = {"authorization": f"Bearer {READ_KEY}"}


class Traffic:
    """What a website and an operator send, and all that comes back."""

    def __init__(self, url: str):
        self.url = url
        self.answers: list[str] = []
        self.statuses: set[int] = set()

    def send(self, method: str, path: str, **request) -> httpx.Response:
        answer = httpx.request(method, f"{self.url}{path}", timeout=60, **request)
        self.statuses.add(answer.status_code)
        self.answers.append(f"{answer.headers}{answer.text}")
        return answer

    def call(self, kind: str, **call) -> httpx.Response:
        context = {"ip": IP, "traits": TRAITS, "page": {"url": "https://shop.example/"}}
        body = {"writeKey": WRITE_KEY, "context": context} | call
        return self.send("POST", f"/v1/{kind}", json=body, headers={"x-forwarded-for": IP})

    def everything(self) -> None:
        """Calls of all kinds, bad requests with contact data in every place, and every path that is described."""
        for user in ({"userId": LOGIN}, {"userId": "a stranger"}, {"anonymousId": "a visitor"}):
            for kind in ("identify", "group"):
                assert self.call(kind, traits=TRAITS, groupId="g", **user).status_code == 200
            self.call("identify", traits=TRAITS | {"email_opt_out": TRAITS["email"]}, **user)
            self.call("page", name=TRAITS["name"], properties=TRAITS, **user)
        for number in range(5):
            event = "Product Added" if number == 4 else "Product Viewed"
            product = TRAITS | {"product_id": f"P{number}"}
            self.call("track", event=event, properties=product, userId=LOGIN, anonymousId="d1")
        self.bad_requests()
        asked = {"by": "user_id", "user_id": LOGIN, "anonymous_id": "d1", "write_key": WRITE_KEY}
        for path in [*openapi()["paths"], "/openapi.json", "/demo", "/nothing"]:
            for name in (LOGIN, TRAITS["email"], "a visitor"):
                self.send("GET", path.replace("{id}", name), params=asked, headers=READS)
                self.send("GET", path.replace("{id}", name), params=asked | {"user_id": name})

    def bad_requests(self) -> None:
        mail = TRAITS["email"]
        bad = [
            *({"userId": [mail]}, {"userId": {"a": mail}}, {"type": mail}, {"event": [mail]}),
            *({"timestamp": mail}, {"sentAt": mail}, {"context": mail}, {"properties": mail}),
            *({"traits": mail}, {"messageId": [mail]}, {"writeKey": mail}, {"batch": mail}),
            {"properties": {"a": mail + "x" * 40_000}},
            {"properties": {mail + str(n): 1 for n in range(600)}},
            {"properties": {mail: {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}}}}},
            {"userId": f"{mail}\0"},
        ]
        for each in bad:
            for kind in ("track", "identify", "batch"):
                self.call(kind, **{"userId": "u", "event": "e"} | each)
        for content in (
            mail,
            f'{{"email": "{mail}"',
            f'["{mail}"]',
            f'{{"userId":"{mail}\\ud800"}}',
        ):
            self.send("POST", "/v1/track", content=content.encode())
        self.send("GET", f"/v1/people/{mail}", params={"by": mail}, headers=READS)
        self.send("GET", "/v1/changes", params={"after": mail}, headers=READS)
        self.send("GET", f"/v1/{mail}")
        self.send("DELETE", "/v1/people/" + mail)
        self.send("GET", "/metrics", headers={"authorization": f"Bearer {mail}"})
        host, port = self.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(f"{mail} {IP} HTTP/9\r\n{mail}\r\n\r\n".encode())
            self.answers.append(connection.recv(65_536).decode())
        # Half of a request, and then nobody is there.
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(
                f"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{mail}".encode()
            )

    def stream(self) -> None:
        """Changes as server-sent events, until nothing comes for a moment."""
        headers = READS | {"accept": "text/event-stream"}
        with (
            suppress(httpx.ReadTimeout),
            httpx.stream("GET", f"{self.url}/v1/changes", headers=headers, timeout=3) as answer,
        ):
            for line in answer.iter_lines():
                self.answers.append(line)


@contextmanager
def process(workspace: Workspace, folder: Path, hook: str) -> Iterator[str]:
    """`audiencekit live` as an operator starts it, with all that it prints in a file."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    variables = {
        "AUDIENCEKIT_HOME": str(workspace.home),
        "AUDIENCEKIT_WRITE_KEYS": WRITE_KEY,
        "AUDIENCEKIT_READ_KEYS": READ_KEY,
        "AUDIENCEKIT_WEBHOOK_SECRET": SECRET,
        "NO_PROXY": "127.0.0.1",
    }
    command = [sys.executable, "-m", "audiencekit.cli", "live", str(folder / "landing" / "live")]
    with (folder / "printed").open("w") as printed:
        running = subprocess.Popen(
            [*command, "--port", str(port), "--webhook", hook, "--demo"],
            env=os.environ | variables,
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
    try:
        wait(lambda: httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait()


def wait(condition) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with suppress(httpx.TransportError):
            if condition():
                return
        time.sleep(0.1)
    raise AssertionError("it did not come about")


@pytest.mark.slow
def test_contact_data_comes_out_nowhere(workspace, tmp_path):
    with (
        Receiver(secret=SECRET) as receiver,
        process(workspace, tmp_path, receiver.url) as url,
    ):
        traffic = Traffic(url)
        streaming = threading.Thread(target=traffic.stream)
        traffic.everything()
        wait(lambda: any("high_intent" in d.text for d in receiver.deliveries))
        streaming.start()
        traffic.everything()
        traffic.send("GET", "/v1/changes", headers=READS)
        streaming.join()
        metrics = traffic.send("GET", "/metrics", headers=READS).text
    written = [path.read_text() for path in (workspace.home / "live").rglob("*") if path.is_file()]
    found = {
        "answers": traffic.answers,
        "metrics": [metrics],
        "webhooks": [d.text for d in receiver.deliveries],
        "headers of webhooks": [json.dumps(headers) for headers in receiver.headers_seen],
        "journal": written,
        "printed": [(tmp_path / "printed").read_text()],
        "live.duckdb": rows_of_live_state(workspace.current / "live.duckdb"),
        "live.*.arrow": list(text_of_files(workspace.current).values()),
    }
    # All of it was there to be searched.
    assert {200, 400, 401, 404, 405} <= traffic.statuses
    assert all("".join(texts) for texts in found.values())
    assert any("high_intent" in text for text in written)
    assert any(line.startswith("data: ") and "high_intent" in line for line in traffic.answers)
    assert "Invalid HTTP request" in found["printed"][0]
    leaks = {
        (place, canary)
        for place, texts in found.items()
        for canary in ALL
        if any(canary.lower() in text.lower() for text in texts)
    }
    # The page of the demo has the write key, as every website has.
    assert leaks - {("answers", WRITE_KEY)} == set()
    log = "".join(p.read_text() for p in (tmp_path / "landing" / "live").glob("*.jsonl"))
    assert {canary for canary in ALL if canary in log} == {*SENT} - {"2065550177"}


def rows_of_live_state(path: Path) -> list[str]:
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        return [str(con.execute(f'from "{s}"."{t}"').fetchall()) for s, t in tables]
