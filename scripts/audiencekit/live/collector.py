"""The collector: Segment's HTTP tracking API, so that its libraries, and RudderStack's, send to it unchanged.

A request is answered when its calls are on disk. Requests that arrive at the same time share one write.
"""

import asyncio
import json
import zlib
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import uuid4

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from audiencekit.live.adapted import HELD, for_adapters
from audiencekit.live.calls import MAX_BATCH, MAX_CALL, TABLES, BadCall, Row, moment_of, read_call
from audiencekit.live.keys import Keys
from audiencekit.live.limits import BYTES_OF_A_CALL, DEVICE, KEY, Limits
from audiencekit.live.log import CallLog
from audiencekit.live.preference_tokens import Signer
from audiencekit.live.refused import Refused
from audiencekit.live.rudderstack import BEACON, with_traits

KINDS = (*TABLES, "batch")
# What a batch says once counts in each of its calls: together they have at most so many bytes.
MAX_CALLS_OF_BATCH = 4 * MAX_BATCH
# Bytes of calls that wait for one write. More are refused: the sender keeps them and comes again.
MAX_WAITING = 32 * 1024 * 1024
# How often it is looked whether a run can take in what came.
_TICK_SECONDS = 1.0
# Requests of so many bytes are read by a thread.
_LARGE = 32 * 1024
# When a sender comes again whose calls could not be written.
_AGAIN_SECONDS = 5


@dataclass(frozen=True)
class Settings:
    """Who may send and read, how much, and from which websites: `origins` such as https://shop.example. `clock` is UTC.

    `signer` signs links to the preference page.
    """

    keys: Keys
    clock: Callable[[], datetime]
    origins: Collection[str] = ()
    limits: Limits = field(default_factory=Limits)
    signer: Signer | None = None


@dataclass(frozen=True)
class _Group:
    """The calls of one request, how many bytes they have, and what waits for them to be on disk."""

    rows: list[Row]
    size: int
    done: asyncio.Future[None]

    def answer(self, refused: Refused | None = None) -> None:
        if self.done.done():
            return
        if refused:
            self.done.set_exception(refused)
        else:
            self.done.set_result(None)


class Collector:
    """Takes calls and writes them to `log`. `counts` are of calls, but `refused` is of requests.

    `on_disk` is called with calls once they are written, and must not wait for anything.
    """

    def __init__(
        self,
        log: CallLog,
        settings: Settings,
        on_disk: Callable[[list[Row]], None] = lambda _: None,
    ):
        self.log, self.settings, self._on_disk = log, settings, on_disk
        self.counts = dict.fromkeys(("taken", "repeated", "held back", "refused"), 0)
        self._waiting: asyncio.Queue[_Group] = asyncio.Queue()
        self._bytes_waiting = 0
        # One at a time: large requests wait for each other, and take no more than their share of the time.
        self._reader = ThreadPoolExecutor(1, "reader")

    async def write(self) -> None:
        """Write what waits, group by group, until cancelled."""
        while True:
            groups = [await self._waiting.get()]
            while not self._waiting.empty():
                groups.append(self._waiting.get_nowait())
            self._bytes_waiting -= sum(group.size for group in groups)
            rows = [row for group in groups for row in group.rows]
            try:
                new = await asyncio.to_thread(self.log.append, rows, self.settings.clock())
            except Exception as problem:
                # Whatever it is, the next calls are tried again.
                why = problem.strerror if isinstance(problem, OSError) else type(problem).__name__
                for group in groups:
                    group.answer(Refused(503, f"the log cannot be written: {why}", _AGAIN_SECONDS))
                continue
            self.counts["taken"] += len(new)
            self.counts["repeated"] += len(rows) - len(new)
            self.counts["held back"] += sum(row.table == HELD for row in new)
            for group in groups:
                group.answer()
            if new:
                self._on_disk(new)
            await self._finish_if_due()

    async def tick(self) -> None:
        """Let a run take in what came, also while nothing comes, until cancelled."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            if self._waiting.empty():
                self._waiting.put_nowait(_Group([], 0, asyncio.get_running_loop().create_future()))

    async def _finish_if_due(self) -> None:
        now = self.settings.clock()
        if self.log.is_due(now):
            try:
                await asyncio.to_thread(self.log.finish, now)
            except OSError:
                # The calls are on disk. A run takes them in later.
                return

    async def take(self, request: Request, kind: str) -> Response:
        """Answer one request of the tracking API with calls of one kind, or a batch."""
        try:
            rows, size = await self._admitted(request, kind)
            if self._bytes_waiting + size > MAX_WAITING:
                why = "too many calls wait to be written; send them again later"
                raise Refused(429, why, _AGAIN_SECONDS)
            await self.keep(rows, size)
        except ClientDisconnect:
            self.counts["refused"] += 1
            return Response(status_code=400)
        except Refused as refused:
            self.counts["refused"] += 1
            return refused.answer()
        return JSONResponse({"success": True})

    async def keep(self, rows: list[Row], size: int = 0) -> None:
        """Wait until rows are on disk. Raises Refused if the disk takes none."""
        group = _Group(rows, size, asyncio.get_running_loop().create_future())
        self._bytes_waiting += size
        self._waiting.put_nowait(group)
        await group.done

    async def _admitted(self, request: Request, kind: str) -> tuple[list[Row], int]:
        """The rows of a request and their bytes, if its sender may send them."""
        limits, text = self.settings.limits, await _text(request)
        # The address was charged for one call when the request arrived.
        by_size = len(text) / BYTES_OF_A_CALL
        limits.charge_address(request, by_size - 1)
        body = _object(text)
        given = body.get("writeKey", request.query_params.get("writeKey", ""))
        if not isinstance(given, str):
            raise Refused(400, "writeKey must be a text")
        key = self.settings.keys.check_write(request, given)
        limits.check(KEY, [key])
        rows, size = await self._read(body, kind, len(text))
        senders = Counter(_sender(row) for row in rows)
        limits.check(DEVICE, senders)
        limits.charge_address(request, len(rows) - max(by_size, 1))
        limits.charge(KEY, key, max(len(rows), by_size))
        for sender, calls in senders.items():
            limits.charge(DEVICE, sender, calls)
        return rows, size

    async def _read(self, body: dict, kind: str, size: int) -> tuple[list[Row], int]:
        """The rows of a request. A large one takes a second, and is read by a thread: small ones are answered meanwhile."""
        if size < _LARGE:
            return self._rows(body, kind)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, self._rows, body, kind)

    def _rows(self, body: dict, kind: str) -> tuple[list[Row], int]:
        """The rows of a request, and their bytes. A call in a batch that cannot be taken refuses the batch."""
        now, rows, size = self.settings.clock(), [], 0
        try:
            for call in _calls_of(body) if kind == "batch" else [body | {"type": kind}]:
                length = len(json.dumps(call, ensure_ascii=False).encode())
                size += length
                if length > MAX_CALL:
                    raise BadCall(f"a call has at most {MAX_CALL} bytes")
                if size > MAX_CALLS_OF_BATCH:
                    raise Refused(413, f"calls of a batch have at most {MAX_CALLS_OF_BATCH} bytes")
                row = read_call(with_traits(call), now, str(uuid4()))
                rows.append(for_adapters(row))
        except BadCall as bad:
            raise Refused(400, str(bad)) from None
        except UnicodeEncodeError:
            raise Refused(400, "a text has half of a character") from None
        except RecursionError:
            raise Refused(400, "values are nested too deeply") from None
        return rows, size


def _calls_of(batch: dict) -> list[dict]:
    calls = batch.get("batch")
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise Refused(400, "a batch is a list of calls")
    _context_of(batch)
    moment_of(batch, "sentAt")
    shared = {name: batch[name] for name in ("sentAt", "context") if name in batch}
    return [_with_shared(call, shared) for call in calls]


def _with_shared(call: dict, shared: dict) -> dict:
    """A call of a batch, with what the batch says of all of its calls."""
    return shared | call | {"context": _context_of(shared) | _context_of(call)}


def _context_of(part: dict) -> dict:
    context = part.get("context")
    if context is not None and not isinstance(context, dict):
        raise Refused(400, "a context is a JSON object")
    return context or {}


def _sender(row: Row) -> str:
    """The device that a call comes from, or the login, where a server sends without a device."""
    device = row.columns.get("anonymous_id")
    return f"device {device}" if device else f"login {row.columns.get('user_id')}"


async def _text(request: Request) -> bytes:
    """The body of a request, which may be compressed. Never more than a batch may have is read."""
    read = b""
    async for part in request.stream():
        read += part
        if len(read) > MAX_BATCH:
            raise Refused(413, f"a request has at most {MAX_BATCH} bytes")
    try:
        if request.headers.get("content-encoding") == "gzip" or read[:2] == b"\x1f\x8b":
            decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            unpacked = decompressor.decompress(read, MAX_BATCH + 1)
            if len(unpacked) > MAX_BATCH:
                raise Refused(413, f"a request has at most {MAX_BATCH} bytes")
            if not decompressor.eof or decompressor.unused_data:
                raise Refused(400, "the body is no whole text in gzip")
            return unpacked
    except zlib.error:
        raise Refused(400, "the body is no JSON") from None
    return read


def _object(text: bytes) -> dict:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(400, "the body is no JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "the body is a JSON object")
    return body


def routes(collector: Collector) -> list[Route]:
    """The paths of the tracking API. analytics.js sends to the short ones: /v1/t, /v1/p and so on."""
    paths = [(f"/v1/{path}", kind) for kind in KINDS for path in (kind, kind[0])]
    return [
        Route(path, partial(collector.take, kind=kind), methods=["POST"])
        for path, kind in [*paths, (BEACON, "batch")]
    ]
