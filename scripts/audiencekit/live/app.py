"""The parts of `audiencekit live` as one ASGI application: collector, engine, answers, webhooks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from audiencekit.live import collector as collecting
from audiencekit.live.collector import Collector
from audiencekit.live.engine import Engine
from audiencekit.live.limits import AddressLimit
from audiencekit.live.metrics import Metrics
from audiencekit.live.pages import FILES
from audiencekit.live.preferences import PreferencePage
from audiencekit.live.reading import Reading
from audiencekit.live.rudderstack import HEADERS, source_config
from audiencekit.live.webhooks import Sender

_HEADERS = ("authorization", "content-type", "if-none-match")


def application(
    collector: Collector,
    engine: Engine,
    senders: Sequence[Sender] = (),
    pages: Sequence[Route] = (),
    knows_proxies: bool = False,
) -> Starlette:
    """Everything that listens. It evaluates and sends while it runs, and ends in order.

    `knows_proxies` is whether the server knows which proxies to believe when they name the address of a client.
    """
    settings = collector.settings
    reading = Reading(engine, settings.keys, settings.limits, senders)
    metrics = Metrics(collector, engine, senders)
    preferences = PreferencePage(engine, collector)

    @asynccontextmanager
    async def working(_: Starlette) -> AsyncIterator[None]:
        reading.begin()
        for sender in senders:
            engine.listeners.append(sender.wake)
            sender.start()
        engine.start()
        tasks = [asyncio.create_task(work()) for work in (collector.write, collector.tick)]
        yield
        for task in tasks:
            task.cancel()
        for sender in senders:
            await asyncio.to_thread(sender.stop)
        await asyncio.to_thread(engine.stop)
        collector.log.close(collector.settings.clock())

    return Starlette(
        routes=[
            *collecting.routes(collector),
            source_config(settings.keys, settings.limits),
            *reading.routes(),
            *preferences.routes(),
            metrics.route,
            *FILES,
            *pages,
        ],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.origins),
                allow_methods=["GET", "POST"],
                allow_headers=[*_HEADERS, *HEADERS],
                expose_headers=["etag", "retry-after"],
            ),
            # Within the other, so that a library on a website can read that it has to wait.
            Middleware(
                AddressLimit,
                limits=settings.limits,
                keys=settings.keys,
                knows_proxies=knows_proxies,
            ),
        ],
        lifespan=working,
    )
