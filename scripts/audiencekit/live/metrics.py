"""What the service does, in numbers, as Prometheus reads them. No number is about a person."""

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from audiencekit.live.collector import Collector
from audiencekit.live.engine import Engine
from audiencekit.live.limits import KEY
from audiencekit.live.refused import answered
from audiencekit.live.webhooks import Sender

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The numbers of one service, read when somebody asks."""

    def __init__(self, collector: Collector, engine: Engine, senders: Sequence[Sender]):
        self._collector, self._engine, self._senders = collector, engine, senders
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self.route = Route("/metrics", answered(self.answer))

    async def answer(self, request: Request) -> Response:
        settings = self._collector.settings
        settings.limits.take(KEY, settings.keys.check_read(request))
        return Response(generate_latest(self._registry), media_type=_TEXT)

    def collect(self) -> Iterable[Metric]:
        """How prometheus_client asks for the numbers."""
        counts, engine = self._engine.counts, self._engine
        calls = _counter(
            "calls", "Calls that were collected, and requests that were refused.", "result"
        )
        for result, count in self._collector.counts.items():
            calls.add_metric([result.replace(" ", "_")], count)
        limited = _counter("limited_requests", "Requests that were answered with 429.", "by")
        for by, count in self._collector.settings.limits.counts.items():
            limited.add_metric([by], count)
        changes = _counter("changes", "Changes of memberships and permissions.", "because")
        for because, count in counts.changes.items():
            changes.add_metric([because], count)
        delivered = _counter("delivered", "Changes that a receiver acknowledged.", "host")
        behind = GaugeMetricFamily(
            "audiencekit_behind", "Changes that a receiver does not have yet.", labels=["host"]
        )
        for sender in self._senders:
            delivered.add_metric([sender.hook.host], sender.delivered)
            behind.add_metric([sender.hook.host], engine.journal.last_seq - sender.cursor)
        yield from (calls, limited, changes, delivered, behind)
        members = engine.loaded.members if engine.loaded else None
        failed = members.failed if members else 0
        for name, text, value in (
            ("evaluated_calls", "Calls that were evaluated.", counts.calls),
            ("refused_rows", "Rows of calls that break the contract.", counts.refused),
            ("failed_calls", "Calls that could not be evaluated.", counts.failed),
            ("failed_customers", "Evaluations of a customer that failed.", failed),
            ("evaluation_seconds", "Seconds of evaluation.", counts.seconds),
            ("generations", "Generations that were loaded.", counts.generations),
        ):
            yield CounterMetricFamily(f"audiencekit_{name}", text, value)
        for name, text, number in (
            ("waiting_calls", "Calls that wait to be evaluated.", len(engine.inbox)),
            (
                "waiting_customers",
                "Customers who were not evaluated with this generation yet.",
                len(members.waiting) if members else 0,
            ),
        ):
            yield GaugeMetricFamily(f"audiencekit_{name}", text, number)
        yield GaugeMetricFamily(
            "audiencekit_has_problem",
            "Whether /readyz names a problem.",
            float(any([engine.problem, *(sender.problem for sender in self._senders)])),
        )


def _counter(name: str, text: str, label: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"audiencekit_{name}", text, labels=[label])
