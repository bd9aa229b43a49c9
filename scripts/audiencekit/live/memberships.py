"""Who is in which segment now and may be addressed where, from event to event and from moment to moment."""

import heapq
import logging
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from audiencekit.live.changes import ENTERED, LEFT, PERMISSION, Change, Reasons
from audiencekit.live.clock import Clock
from audiencekit.live.evaluator import Evaluator
from audiencekit.live.facts import VISITOR
from audiencekit.live.failures import place_of
from audiencekit.live.landing import Arrived

_log = logging.getLogger(__name__)

# How many customers are evaluated together at most: their facts lie in memory meanwhile.
TOGETHER = 2_000
# When customers are due again whose evaluation failed.
_AGAIN = timedelta(minutes=1)
# The channel whose messages are looked up.
WEBSITE = "website"
# How long a visitor who is no known customer is remembered after they were seen last.
STAY = timedelta(hours=1)

# The segments of a customer, and by channel why they are left out there.
Segments = dict[str, Reasons]
NOWHERE: Mapping[str, Reasons] = {}


@dataclass(frozen=True)
class _Cause:
    """When and why customers are evaluated: `event`, with the ids of the events by customer, `time` or `build`."""

    at: datetime
    because: str
    events: Mapping[str, Collection[str]] = field(default_factory=dict)


class Memberships:
    """The segments of all customers of a build, kept up to date. Moments are UTC and only go forward.

    `of` has the segments of each customer, `visitors` those of people who are no known customers, while they are there.
    `messages` has by slot of the website what each of them is shown, as JSON. `failed` counts evaluations that failed.
    """

    def __init__(self, evaluator: Evaluator):
        """Nobody is evaluated yet."""
        self.evaluator = evaluator
        self._clock = Clock(evaluator)
        self.of: dict[str, Segments] = {}
        self.visitors: dict[str, Segments] = {}
        self.failed = 0
        self.messages: dict[str, dict[str, str]] = {}
        self._due: list[tuple[datetime, str]] = []
        self._next: dict[str, datetime] = {}
        self._unscheduled: dict[str, datetime] = {}

    def begin(self, now: datetime) -> None:
        """Evaluate everybody as of `now`, also to know when to evaluate them again."""
        for key in list(self.evaluator.visitors):
            if not self._is_there(key, now):
                self.evaluator.drop_visitor(key)
        everybody = self.evaluator.customers() | self.evaluator.visitors.keys()
        self._evaluate(everybody, _Cause(now, "build"))
        self.schedule()

    def changes_since(
        self, before: Mapping[str, Mapping[str, Reasons]], now: datetime
    ) -> list[Change]:
        """What is not as it was `before`, because a build knows more or a rule is another one. Customers may be gone."""
        cause = _Cause(now, "build")
        return [
            change
            for key in sorted(before.keys() | self.of.keys())
            for change in _changes_of(key, before.get(key, NOWHERE), self.of.get(key, {}), cause)
        ]

    def take(self, arrived: Arrived, now: datetime) -> list[Change]:
        """Take in events and what logins state. Returns the changes until `now`, in order."""
        changes = self.advance(now)
        about: dict[str, list[str]] = {}
        for event_id, customers in self.evaluator.take(arrived.events).items():
            for customer in customers:
                about.setdefault(customer, []).append(event_id)
        if len(arrived.accounts):
            for customer in self.evaluator.take_accounts(arrived.accounts):
                about.setdefault(customer, [])
        return changes + self._evaluate(about.keys(), _Cause(now, "event", about))

    def advance(self, now: datetime) -> list[Change]:
        """The changes that time alone made until `now`. All customers who are due are evaluated together, as of now."""
        customers = set()
        while self._due and self._due[0][0] <= now:
            moment, customer = heapq.heappop(self._due)
            if self._next.get(customer) != moment:
                continue
            if customer.startswith(VISITOR) and not self._is_there(customer, now):
                self._drop_visitor(customer)
            else:
                customers.add(customer)
        return self._evaluate(customers, _Cause(now, "time"))

    def _is_there(self, visitor: str, now: datetime) -> bool:
        seen_at = self.evaluator.visitors.get(visitor)
        return seen_at is not None and seen_at >= now - STAY

    def _drop_visitor(self, key: str) -> None:
        self.evaluator.drop_visitor(key)
        self.visitors.pop(key, None)
        self.messages.pop(key, None)
        self._next.pop(key, None)

    def next_moment(self) -> datetime | None:
        """When the next customer is due."""
        return self._due[0][0] if self._due else None

    def _evaluate(self, customers: Set[str], cause: _Cause) -> list[Change]:
        keys, changes = sorted(customers), []
        for start in range(0, len(keys), TOGETHER):
            changes += self._evaluate_some(keys[start : start + TOGETHER], cause)
        return changes

    def _evaluate_some(self, keys: Sequence[str], cause: _Cause) -> list[Change]:
        """Facts of one customer keep nobody else from being evaluated: where it fails, halves are tried, down to a single customer."""
        try:
            return self._changes(keys, cause)
        except Exception as problem:
            if len(keys) > 1:
                half = len(keys) // 2
                first = self._evaluate_some(keys[:half], cause)
                return first + self._evaluate_some(keys[half:], cause)
            _log.warning("A customer cannot be evaluated: %s", place_of(problem))
            self.failed += 1
            self._schedule(keys[0], cause.at + _AGAIN)
            return []

    def _changes(self, keys: Sequence[str], cause: _Cause) -> list[Change]:
        segments = self._segments(set(keys), cause.at)
        carts = self.evaluator.carts() if self.of else {}
        messages = self.evaluator.messages(WEBSITE)
        changes: list[Change] = []
        for key in keys:
            self.messages[key] = messages.get(key, {})
            if key.startswith(VISITOR):
                self.visitors[key] = segments[key]
                continue
            before, self.of[key] = self.of.get(key), segments[key]
            if before is not None:
                changes += _changes_of(key, before, segments[key], cause, carts.get(key, ()))
        self._unscheduled |= dict.fromkeys(keys, cause.at)
        return changes

    def schedule(self) -> None:
        """Find out when those who were evaluated have to be evaluated again. Nothing is announced by it, so it can wait."""
        keys = sorted(self._unscheduled)
        for start in range(0, len(keys), TOGETHER):
            some = keys[start : start + TOGETHER]
            # What changes after a later evaluation changes after this one, too.
            moment = min(self._unscheduled[key] for key in some)
            for key, at in self._clock.next_changes(set(some), moment).items():
                self._schedule(key, at)
        self._unscheduled = {}

    def _schedule(self, key: str, at: datetime) -> None:
        self._next[key] = at
        heapq.heappush(self._due, (at, key))

    def _segments(self, customers: Set[str], moment: datetime) -> dict[str, Segments]:
        evaluation = self.evaluator.evaluate(customers, moment)
        reasons: dict[tuple[str, str], dict[str, str | None]] = {}
        for (channel, segment, key), reason in sorted(evaluation.candidates.items()):
            reasons.setdefault((segment, key), {})[channel] = reason
        found: dict[str, Segments] = {key: {} for key in customers}
        for segment, key in sorted(evaluation.matches):
            found[key][segment] = tuple(reasons.get((segment, key), {}).items())
        return found


def _changes_of(
    key: str,
    before: Mapping[str, Reasons],
    after: Mapping[str, Reasons],
    cause: _Cause,
    cart: Collection[str] = (),
) -> list[Change]:
    """What is different for one customer. Segments that they left come first."""
    events = tuple(cause.events.get(key, ()))

    def change(segment: str, action: str, reasons: Reasons) -> Change:
        return Change(cause.at, segment, key, action, reasons, cause.because, events, tuple(cart))

    left = [change(s, LEFT, ()) for s in sorted(before.keys() - after.keys())]
    entered = [change(s, ENTERED, after[s]) for s in sorted(after.keys() - before.keys())]
    both = sorted(before.keys() & after.keys())
    return left + entered + [change(s, PERMISSION, after[s]) for s in both if before[s] != after[s]]
