"""What others ask: the segments of a person, what a website may show, and changes as they happen."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from audiencekit.live.engine import Engine
from audiencekit.live.evaluator import WEBSITE
from audiencekit.live.facts import VISITOR
from audiencekit.live.generation import Loaded
from audiencekit.live.keys import Keys
from audiencekit.live.limits import DEVICE as BY_DEVICE
from audiencekit.live.limits import KEY, Limits
from audiencekit.live.lookup import CUSTOMER, DEVICE, LOGIN
from audiencekit.live.refused import Refused, answered
from audiencekit.live.webhooks import Sender

# How many changes an answer has at most, and how often a stream without changes says that it is still there.
_MOST, _STILL_THERE_SECONDS = 1_000, 15.0
_STREAM = "text/event-stream"


class Reading:
    """Answers from memory, as of the last evaluation."""

    def __init__(self, engine: Engine, keys: Keys, limits: Limits, senders: Sequence[Sender] = ()):
        self._engine, self._keys, self._limits, self._senders = engine, keys, limits, senders
        self._changed = asyncio.Event()

    def routes(self) -> list[Route]:
        return [
            Route("/v1/people/{id}", answered(self.person)),
            Route("/v1/personalize", answered(self.personalize)),
            Route("/v1/changes", answered(self.changes)),
            Route("/healthz", answered(self.health)),
            Route("/readyz", answered(self.ready)),
        ]

    def begin(self) -> None:
        """Hear of changes, from the event loop that answers."""
        loop = asyncio.get_running_loop()

        def changed() -> None:
            loop.call_soon_threadsafe(self._wake)

        self._engine.listeners.append(changed)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def person(self, request: Request) -> Response:
        """All segments of a person, and by channel why they are left out there. Needs a read key."""
        self._limits.take(KEY, self._keys.check_read(request))
        kind = request.query_params.get("by", CUSTOMER)
        if kind not in (CUSTOMER, LOGIN, DEVICE):
            raise Refused(400, f"by must be one of {CUSTOMER}, {LOGIN}, {DEVICE}")
        loaded = self._loaded()
        key = loaded.lookup.customer(kind, request.path_params["id"])
        if key is None:
            raise Refused(404, "no customer has this id")
        segments = loaded.members.of.get(key, {})
        listed = [{"segment_code": s, "channels": dict(r)} for s, r in sorted(segments.items())]
        return self._cached(request, loaded, {"customer_key": key, "segments": listed})

    async def personalize(self, request: Request) -> Response:
        """The segments for which the website may show a visitor something, the message of each slot, and products.

        A write key may ask for a device only.
        """
        asked = request.query_params
        if LOGIN in asked:
            # A login can be guessed, and the write key of a website is public.
            self._limits.take(KEY, self._keys.check_read(request))
        elif DEVICE in asked:
            key = self._keys.check_write(request, asked.get("write_key", ""))
            self._limits.take(BY_DEVICE, f"device {asked[DEVICE]}")
            self._limits.take(KEY, key)
        else:
            raise Refused(400, f"{DEVICE} or {LOGIN} is required")
        kind = LOGIN if LOGIN in asked else DEVICE
        loaded = self._loaded()
        known = loaded.lookup.customer(kind, asked[kind])
        key = known or (f"{VISITOR}device {asked[kind]}" if kind == DEVICE else "")
        members = loaded.members
        segments = members.of.get(key) or members.visitors.get(key, {})
        shown = [s for s, reasons in sorted(segments.items()) if (WEBSITE, None) in reasons]
        answer = {
            "is_known": known is not None,
            "segments": shown,
            # What they bought is used only where something personal may be shown.
            "recommendations": loaded.lookup.recommendations(known if shown else None),
            "messages": {
                slot: json.loads(text)
                for slot, text in sorted(members.messages.get(key, {}).items())
            },
        }
        return self._cached(request, loaded, answer)

    def _loaded(self) -> Loaded:
        if not self._engine.loaded:
            raise Refused(
                503, "the published generation is being loaded; ask again in some seconds"
            )
        return self._engine.loaded

    def _cached(self, request: Request, loaded: Loaded, answer: dict[str, Any]) -> Response:
        """The answer, or only that it is the same as the asker has."""
        tag = f'"{hashlib.sha256(json.dumps(answer).encode()).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        at = self._engine.counts.evaluated_at
        state = {
            "build_id": loaded.manifest.build_id,
            "evaluated_at": f"{at.isoformat()}Z" if at else None,
        }
        return JSONResponse(answer | state, headers=headers)

    async def changes(self, request: Request) -> Response:
        """Changes after a number, as a list or, if asked for, as a stream of server-sent events. Needs a read key."""
        self._limits.take(KEY, self._keys.check_read(request))
        given = request.headers.get("last-event-id") or request.query_params.get("after", "0")
        if not given.isascii() or not given.isdecimal() or len(given) > 18:
            raise Refused(400, "after must be a change_seq")
        after = int(given)
        if _STREAM in request.headers.get("accept", ""):
            return StreamingResponse(
                self._stream(after), media_type=_STREAM, headers={"Cache-Control": "no-store"}
            )
        found = await asyncio.to_thread(self._engine.journal.read, after, _MOST)
        return JSONResponse({"changes": found, "last_seq": self._engine.journal.last_seq})

    async def _stream(self, after: int) -> AsyncIterator[bytes]:
        while True:
            changed = self._changed
            for change in await asyncio.to_thread(self._engine.journal.read, after, _MOST):
                after = change["change_seq"]
                text = json.dumps(change, ensure_ascii=False, separators=(",", ":"))
                yield f"id: {after}\nevent: segment.changed\ndata: {text}\n\n".encode()
            if after < self._engine.journal.last_seq:
                continue
            try:
                await asyncio.wait_for(changed.wait(), _STILL_THERE_SECONDS)
            except TimeoutError:
                yield b": nothing changed\n\n"

    async def health(self, _: Request) -> Response:
        return JSONResponse({"is_alive": True})

    async def ready(self, _: Request) -> Response:
        """Whether lookups are answered, and what is wrong, if anything is."""
        engine = self._engine
        problems = [engine.problem, *(sender.problem for sender in self._senders)]
        state = {
            "is_ready": engine.loaded is not None,
            "build_id": engine.loaded.manifest.build_id if engine.loaded else None,
            "waiting": len(engine.inbox),
            # They have the segments that were announced last.
            "customers_waiting": len(engine.loaded.members.waiting) if engine.loaded else 0,
            "problem": "; ".join(filter(None, problems)) or None,
        }
        return JSONResponse(state, status_code=200 if engine.loaded else 503)
