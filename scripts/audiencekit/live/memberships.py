"""Who is in which segment now and may be addressed where, from event to event and from moment to moment."""

import heapq
import logging
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, islice

from audiencekit.live.as_built import AsBuilt, Segments
from audiencekit.live.changes import ENTERED, LEFT, PERMISSION, Change, Reasons
from audiencekit.live.evaluator import Evaluator
from audiencekit.live.facts import VISITOR
from audiencekit.live.failures import EvaluatorEnded, place_of
from audiencekit.live.landing import Arrived
from audiencekit.live.quiet_hours import as_announced
from audiencekit.live.worker import Worker

_log = logging.getLogger(__name__)

# How many customers are evaluated together at most: their facts are in memory meanwhile.
TOGETHER = 2_000
# How many at most who are due, or were not evaluated with this build yet: events wait so long.
_AT_A_TIME = 250
# When customers are due again whose evaluation failed.
_AGAIN = timedelta(minutes=1)
# How long a visitor who is no known customer is remembered after they were seen last.
STAY = timedelta(hours=1)

NOWHERE: Segments = {}


@dataclass(frozen=True)
class _Cause:
    """When and why customers are evaluated: `event` or `extract`, with the ids of events by customer, `time` or `build`.

    For those who are `due` it is time, whatever it is for others.
    """

    at: datetime
    because: str
    events: Mapping[str, Collection[str]] = field(default_factory=dict)
    due: Set[str] = frozenset()


class Memberships:
    """The segments of all customers of a build, kept up to date. Moments are UTC and only go forward.

    `of` has the segments of each customer, `visitors` those of people who are no known customers, while they are there.
    `messages` has by slot of the website what each of them is shown, as JSON. `waiting` are those who were not evaluated
    with this build yet: of them it is known what was announced. `failed` counts evaluations that failed. If the process of
    the evaluator ends, nobody is evaluated any more (`has_ended`); the changes until then are returned.

    A night that begins is no change: `announced` has the segments as `of` has them, but for members who were announced
    before their night.
    """

    def __init__(self, evaluator: Evaluator | Worker):
        """Nobody is evaluated yet."""
        self.evaluator = evaluator
        self.of: dict[str, Segments] = {}
        self._before_night: dict[str, Segments] = {}
        self.visitors: dict[str, Segments] = {}
        self.failed = 0
        self._is_lost = False
        self.messages: dict[str, dict[str, str]] = {}
        self.waiting: dict[str, None] = {}
        self._due: list[tuple[datetime, str]] = []
        self._next: dict[str, datetime] = {}
        self._common: dict[tuple, Segments] = {}

    def begin(self, known: AsBuilt, now: datetime) -> list[Change]:
        """Take what is known of everybody. They are evaluated, some at a time, when nothing else has to be.

        Returns the changes of customers who are gone. It goes customer by customer: while a call goes over a million of them
        at once, no other thread answers.
        """
        everybody = self.evaluator.customers()
        visitors = self.evaluator.visitors
        self.evaluator.drop_visitors({key for key in visitors if not self._is_there(key, now)})
        self._take_over(known.segments, everybody)
        self.messages = {key: known.messages[key] for key in everybody if key in known.messages}
        self.waiting = {key: None for key in chain(self.evaluator.visitors, everybody)}
        cause = _Cause(now, "build")
        gone = sorted(key for key in known.segments if key not in everybody)
        return [c for key in gone for c in _changes_of(key, known.segments[key], NOWHERE, cause)]

    def _take_over(self, known: Mapping[str, Segments], everybody: Set[str]) -> None:
        """Let everybody be in the segments that are known of them. Customers may have the same object there already."""
        different = {id(each): each for each in (NOWHERE, *known.values())}
        shared = {number: self._shared(each) for number, each in different.items()}
        self.of = {key: shared[id(known.get(key, NOWHERE))] for key in everybody}

    def _shared(self, segments: Segments) -> Segments:
        """The same segments as others have, so that they are in memory once."""
        return self._common.setdefault(tuple(segments.items()), segments)

    @property
    def has_ended(self) -> bool:
        """Whether the process of the evaluator is gone."""
        return self._is_lost or self.evaluator.has_ended

    @property
    def announced(self) -> dict[str, Segments]:
        """The segments of each customer as the changes so far say."""
        return self.of | self._before_night

    def _announce(self, key: str, before: Mapping[str, Reasons]) -> Segments:
        """The segments of a customer as changes since `before` say."""
        now = self.of.get(key, {})
        after = {
            segment: as_announced(before, segment, reasons) for segment, reasons in now.items()
        }
        self._before_night.pop(key, None)
        if after != now:
            self._before_night[key] = after
        return after

    def take(self, arrived: Arrived, now: datetime) -> list[Change]:
        """Take in events and what logins state. Returns the changes that follow, as of `now`, and those that time made until then.

        Customers who are due are evaluated together with those whom events concern: both cost little more than one of them.
        """
        about: dict[str, list[str]] = {}
        for event_id, customers in self.evaluator.take(arrived.events).items():
            for customer in customers:
                about.setdefault(customer, []).append(event_id)
        if len(arrived.accounts):
            for customer in self.evaluator.take_accounts(arrived.accounts):
                about.setdefault(customer, [])
        if len(arrived.consent):
            for customer in self.evaluator.take_consent(arrived.consent):
                about.setdefault(customer, [])
        due = self._due_until(now, max(_AT_A_TIME, len(about))) - about.keys()
        return self._evaluate(about.keys() | due, _Cause(now, "event", about, due))

    def take_extracts(self, about: Mapping[str, Collection[str]], now: datetime) -> list[Change]:
        """Evaluate whom extracts concern, each with the ids of their events, whose facts the evaluator has already.

        Returns these changes, and those that time alone made for others until `now`.
        """
        for key in about:
            self._next.pop(key, None)
        changes = self._evaluate(about.keys(), _Cause(now, "extract", about))
        while due := self._due_until(now, _AT_A_TIME):
            changes += self._evaluate(due, _Cause(now, "time"))
        return changes

    def resume(self, of: Mapping[str, Segments], due: Mapping[str, datetime]) -> None:
        """Go on from segments that hold until customers are due: nobody waits to be evaluated."""
        everybody = self.evaluator.customers() | of.keys()
        self._take_over(of, everybody)
        for key, at in due.items():
            self._schedule(key, at)

    def changes_since(self, before: Mapping[str, Segments], now: datetime) -> list[Change]:
        """What is not as it was `before`, because a build knows more or a rule is another one. Customers may be gone."""
        cause = _Cause(now, "build")
        return [
            change
            for key in sorted(before.keys() | self.of.keys())
            for change in _changes_of(
                key, before.get(key, NOWHERE), self._announce(key, before.get(key, NOWHERE)), cause
            )
        ]

    @property
    def due(self) -> Mapping[str, datetime]:
        """When each customer is due next."""
        return self._next

    def advance(self, now: datetime) -> list[Change]:
        """The changes that time alone made until `now`: of customers who are due, as of now, and then of those who wait.

        It is some of them at a time: ask again while `next_moment` is not later than now.
        """
        changes = self._evaluate(self._due_until(now, _AT_A_TIME), _Cause(now, "time"))
        some = set(islice(self.waiting, _AT_A_TIME))
        return changes + self._evaluate(some, _Cause(now, "build"))

    def _due_until(self, now: datetime, most: int) -> set[str]:
        customers: set[str] = set()
        while self._due and self._due[0][0] <= now and len(customers) < most:
            moment, customer = heapq.heappop(self._due)
            if self._next.get(customer) != moment:
                continue
            if customer.startswith(VISITOR) and not self._is_there(customer, now):
                self._drop_visitor(customer)
            else:
                customers.add(customer)
        return customers

    def _is_there(self, visitor: str, now: datetime) -> bool:
        seen_at = self.evaluator.visitors.get(visitor)
        return seen_at is not None and seen_at >= now - STAY

    def _drop_visitor(self, key: str) -> None:
        try:
            self.evaluator.drop_visitors({key})
        except EvaluatorEnded:
            self._is_lost = True
        self.visitors.pop(key, None)
        self.messages.pop(key, None)
        self.waiting.pop(key, None)
        self._next.pop(key, None)

    def next_moment(self) -> datetime | None:
        """When the next customer is due. It is long ago while customers wait."""
        if self.waiting:
            return datetime.min
        return self._due[0][0] if self._due else None

    def is_up_to(self, now: datetime) -> bool:
        """Whether nobody is due until `now`."""
        next_moment = self.next_moment()
        return next_moment is None or next_moment > now

    def _evaluate(self, customers: Set[str], cause: _Cause) -> list[Change]:
        keys, changes = sorted(customers), list[Change]()
        for start in range(0, len(keys), TOGETHER):
            changes += self._evaluate_some(keys[start : start + TOGETHER], cause)
        return changes

    def _evaluate_some(self, keys: Sequence[str], cause: _Cause) -> list[Change]:
        """Facts of one customer keep nobody else from being evaluated: where it fails, halves are tried, down to a single customer."""
        try:
            return [] if self._is_lost else self._changes(keys, cause)
        except EvaluatorEnded:
            self._is_lost = True
            return []
        except Exception as problem:
            if len(keys) > 1:
                half = len(keys) // 2
                first = self._evaluate_some(keys[:half], cause)
                return first + self._evaluate_some(keys[half:], cause)
            _log.warning("A customer cannot be evaluated: %s", place_of(problem))
            self.failed += 1
            self.waiting.pop(keys[0], None)
            self._schedule(keys[0], cause.at + _AGAIN)
            return []

    def _changes(self, keys: Sequence[str], cause: _Cause) -> list[Change]:
        outcome = self.evaluator.outcome(set(keys), cause.at)
        changes: list[Change] = []
        for key in keys:
            self.waiting.pop(key, None)
            self._schedule(key, outcome.due[key])
            self.messages[key] = outcome.messages.get(key, {})
            if key.startswith(VISITOR):
                self.visitors[key] = outcome.segments[key]
                continue
            before = self._before_night.get(key, self.of.get(key, NOWHERE))
            self.of[key] = self._shared(outcome.segments[key])
            cart = outcome.carts.get(key, ())
            changes += _changes_of(key, before, self._announce(key, before), cause, cart)
        return changes

    def _schedule(self, key: str, at: datetime) -> None:
        self._next[key] = at
        heapq.heappush(self._due, (at, key))
        if len(self._due) > 2 * len(self._next) + TOGETHER:
            # Most of them were scheduled anew since.
            self._due = [(at, key) for key, at in self._next.items()]
            heapq.heapify(self._due)


def _changes_of(
    key: str,
    before: Mapping[str, Reasons],
    after: Mapping[str, Reasons],
    cause: _Cause,
    cart: Collection[str] = (),
) -> list[Change]:
    """What is different for one customer. Segments that they left come first."""
    events = tuple(cause.events.get(key, ()))

    because = "time" if key in cause.due else cause.because

    def change(segment: str, action: str, reasons: Reasons) -> Change:
        return Change(cause.at, segment, key, action, reasons, because, events, tuple(cart))

    left = [change(s, LEFT, ()) for s in sorted(before.keys() - after.keys())]
    entered = [change(s, ENTERED, after[s]) for s in sorted(after.keys() - before.keys())]
    both = sorted(before.keys() & after.keys())
    return left + entered + [change(s, PERMISSION, after[s]) for s in both if before[s] != after[s]]
