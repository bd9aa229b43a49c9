"""The collector: Segment's HTTP tracking API, so that its libraries, and RudderStack's, send to it unchanged.

A request is answered when its calls are on disk. Requests that arrive at the same time share one write.
"""

import asyncio
import base64
import binascii
import hmac
import json
import zlib
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import uuid4

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from audiencekit.live.calls import MAX_BATCH, MAX_CALL, TABLES, BadCall, Row, read_call
from audiencekit.live.log import CallLog

KINDS = (*TABLES, "batch")
# Calls that wait for one write. More are refused: the sender keeps them and comes again.
MAX_WAITING = 20_000


@dataclass(frozen=True)
class Settings:
    """Who may send, and from which websites: `write_keys`, and `origins` such as https://shop.example. `clock` is UTC."""

    write_keys: Collection[str]
    clock: Callable[[], datetime]
    origins: Collection[str] = ()


class Refused(Exception):
    """A request that is answered with an error: its status, and why."""

    def __init__(self, status: int, why: str):
        super().__init__(why)
        self.status = status


class Collector:
    """Takes calls and writes them to `log`. `taken` is called with each group of rows that are on disk."""

    def __init__(self, log: CallLog, settings: Settings, taken: Callable[[list[Row]], None]):
        self.log, self.settings, self.taken = log, settings, taken
        self.counts = dict.fromkeys(("taken", "repeated", "refused"), 0)
        self._waiting: asyncio.Queue[tuple[list[Row], asyncio.Future]] = asyncio.Queue()
        self._calls_waiting = 0

    async def write(self) -> None:
        """Write what waits, group by group, until cancelled."""
        while True:
            groups = [await self._waiting.get()]
            while not self._waiting.empty():
                groups.append(self._waiting.get_nowait())
            rows = [row for group, _ in groups for row in group]
            self._calls_waiting -= len(rows)
            try:
                now = self.settings.clock()
                new = await asyncio.to_thread(self.log.append, rows, now)
            except OSError as problem:
                for _, done in groups:
                    done.set_exception(
                        Refused(503, f"the log cannot be written: {problem.strerror}")
                    )
                continue
            self.counts["taken"] += len(new)
            self.counts["repeated"] += len(rows) - len(new)
            for _, done in groups:
                if not done.cancelled():
                    done.set_result(None)
            if new:
                self.taken(new)

    async def take(self, request: Request, kind: str) -> Response:
        """Answer one request of the tracking API with calls of one kind, or a batch."""
        try:
            body = await _body(request)
            self._check_key(request, body)
            rows = self._rows(body, kind)
            if self._calls_waiting + len(rows) > MAX_WAITING:
                raise Refused(429, "too many calls wait to be written; send them again later")
            done = asyncio.get_running_loop().create_future()
            self._calls_waiting += len(rows)
            self._waiting.put_nowait((rows, done))
            await done
        except Refused as refused:
            self.counts["refused"] += 1
            return JSONResponse(
                {"success": False, "message": str(refused)}, status_code=refused.status
            )
        return JSONResponse({"success": True})

    def _check_key(self, request: Request, body: dict) -> None:
        """The write key is the user of basic authentication; a browser's library puts it into the body."""
        given = request.headers.get("authorization", "")
        try:
            user = (
                base64.b64decode(given.removeprefix("Basic "), validate=True).decode().split(":")[0]
            )
        except (binascii.Error, UnicodeDecodeError):
            user = ""
        key = (user or str(body.get("writeKey", ""))).encode()
        # Every key is compared, so that the time of the answer says nothing about any of them.
        if not any([hmac.compare_digest(key, each.encode()) for each in self.settings.write_keys]):
            raise Refused(401, "the write key is missing or unknown")

    def _rows(self, body: dict, kind: str) -> list[Row]:
        """The rows of a request. A call in a batch that cannot be taken refuses the batch."""
        now = self.settings.clock()
        calls = _calls_of(body) if kind == "batch" else [body | {"type": kind}]
        try:
            for call in calls:
                if len(json.dumps(call)) > MAX_CALL:
                    raise BadCall(f"a call has at most {MAX_CALL} bytes")
            return [read_call(call, now, str(uuid4())) for call in calls]
        except BadCall as bad:
            raise Refused(400, str(bad)) from None


def _calls_of(batch: dict) -> list[dict]:
    calls = batch.get("batch")
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise Refused(400, "a batch is a list of calls")
    shared = {name: batch[name] for name in ("sentAt", "context") if name in batch}
    return [_with_shared(call, shared) for call in calls]


def _with_shared(call: dict, shared: dict) -> dict:
    """A call of a batch, with what the batch says of all of its calls."""
    contexts = [part.get("context") or {} for part in (shared, call)]
    if not all(isinstance(context, dict) for context in contexts):
        raise Refused(400, "a context is a JSON object")
    return shared | call | {"context": contexts[0] | contexts[1]}


async def _body(request: Request) -> dict:
    """The JSON object of a request, which may be compressed. Never more than a batch may have is read."""
    read = b""
    async for part in request.stream():
        read += part
        if len(read) > MAX_BATCH:
            raise Refused(413, f"a request has at most {MAX_BATCH} bytes")
    try:
        if request.headers.get("content-encoding") == "gzip" or read[:2] == b"\x1f\x8b":
            decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            read = decompressor.decompress(read, MAX_BATCH + 1)
            if len(read) > MAX_BATCH:
                raise Refused(413, f"a request has at most {MAX_BATCH} bytes")
        body = json.loads(read)
    except (zlib.error, ValueError, RecursionError):
        raise Refused(400, "the body is no JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "the body is a JSON object")
    return body


def application(collector: Collector) -> Starlette:
    """The collector as an ASGI application. It writes while it runs, and finishes the last file at the end."""

    @asynccontextmanager
    async def writing(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(collector.write())
        yield
        task.cancel()
        collector.log.close(collector.settings.clock())

    return Starlette(
        routes=[
            # analytics.js sends to /v1/t, /v1/p and so on.
            *(
                Route(f"/v1/{path}", partial(collector.take, kind=kind), methods=["POST"])
                for kind in KINDS
                for path in (kind, kind[0])
            )
        ],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=list(collector.settings.origins),
                allow_methods=["POST"],
                allow_headers=["authorization", "content-type"],
            )
        ],
        lifespan=writing,
    )
