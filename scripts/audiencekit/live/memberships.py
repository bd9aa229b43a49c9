"""Who is in which live segment now, from event to event and from moment to moment."""

import heapq
from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from audiencekit.live.clock import Clock
from audiencekit.live.evaluator import Evaluator

# How many customers are evaluated together at most: their facts lie in memory meanwhile.
TOGETHER = 2_000


@dataclass(frozen=True)
class Change:
    """A customer entered or left a segment. `events` are the ids of the events it follows from; none if time did it."""

    at: datetime
    segment: str
    customer_key: str
    has_entered: bool
    events: tuple[str, ...] = ()


class Memberships:
    """The memberships of all customers of a build, kept up to date. Moments are UTC and only go forward.

    `of` has the segments of each customer. It starts with those of the build.
    """

    def __init__(self, evaluator: Evaluator, built_at: datetime):
        """Every customer is evaluated once, as of `built_at`, to know when to evaluate them again."""
        self._evaluator, self._clock = evaluator, Clock(evaluator)
        self.of: dict[str, frozenset[str]] = {}
        self._due: list[tuple[datetime, str]] = []
        self._next: dict[str, datetime] = {}
        self._evaluate(evaluator.customers(), built_at)

    def take(self, events: pa.Table, now: datetime) -> list[Change]:
        """Take in events (columns of the landing table web_events). Returns the changes until `now`, in order."""
        changes = self.advance(now)
        about: dict[str, list[str]] = {}
        for event_id, customers in self._evaluator.take(events).items():
            for customer in customers:
                about.setdefault(customer, []).append(event_id)
        return changes + self._evaluate(about.keys(), now, about)

    def advance(self, now: datetime) -> list[Change]:
        """The changes that time alone made until `now`. All customers who are due are evaluated together, as of now."""
        customers = set()
        while self._due and self._due[0][0] <= now:
            moment, customer = heapq.heappop(self._due)
            if self._next.get(customer) == moment:
                customers.add(customer)
        return self._evaluate(customers, now)

    def next_moment(self) -> datetime | None:
        """When the next customer is due."""
        return self._due[0][0] if self._due else None

    def _evaluate(
        self, customers: Set[str], moment: datetime, about: dict[str, list[str]] | None = None
    ) -> list[Change]:
        changes: list[Change] = []
        keys = sorted(customers)
        for start in range(0, len(keys), TOGETHER):
            some = set(keys[start : start + TOGETHER])
            now_in: dict[str, set[str]] = {key: set() for key in some}
            for segment, key in self._evaluator.evaluate(some, moment).matches:
                now_in[key].add(segment)
            for key in sorted(some):
                before = self.of.get(key)
                after = self.of[key] = frozenset(now_in[key])
                events = tuple((about or {}).get(key, ()))
                if before is not None:
                    changes += [
                        Change(moment, segment, key, segment in after, events)
                        for segment in sorted(before ^ after)
                    ]
            for key, at in self._clock.next_changes(some, moment).items():
                self._next[key] = at
                heapq.heappush(self._due, (at, key))
        return changes
