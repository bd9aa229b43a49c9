"""What a customer may choose on the preference page, and the rows of the log that a choice makes."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from audiencekit.live.adapted import PREFERENCES
from audiencekit.live.calls import Row

EMAIL = "email_marketing"
# Who refuses e-mail refuses the newsletter.
EMAILS = (EMAIL, "newsletter")
# How often at most, in days, as the page offers it; 0 is no limit.
FREQUENCIES = (0, 7, 14, 30)


@dataclass(frozen=True)
class Group:
    """Channels that need the same purposes, and whether the customer may be addressed on all of them now."""

    purposes: tuple[str, ...]
    labels: tuple[str, ...]
    is_allowed: bool

    @property
    def code(self) -> str:
        return self.purposes[0]


@dataclass(frozen=True)
class Topic:
    """A topic as people read it, and whether the customer refuses it in e-mails."""

    topic: str
    label: str
    description: str
    is_refused: bool


@dataclass(frozen=True)
class Preferences:
    """What holds for a customer now. `unlisted` are topics that they refused and that nobody lists any more."""

    groups: tuple[Group, ...]
    topics: tuple[Topic, ...]
    at_most_every_days: int
    unlisted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """What a form says: the codes that are ticked, of groups and topics, and the frequency."""

    groups: Set[str]
    topics: Set[str]
    at_most_every_days: int


@dataclass(frozen=True)
class Author:
    """Who decides, when (UTC), and by what proof; `number` tells the decision from every other one."""

    customer_key: str
    at: datetime
    proof: str
    number: str


class _Decision(NamedTuple):
    """About a purpose as a whole, a topic of it, or the frequency of its messages."""

    purpose: str
    status: str
    topic: str | None = None
    days: int | None = None


def unsubscribed(author: Author) -> list[Row]:
    """The customer wants no e-mail of any kind."""
    return _rows(author, [_Decision(purpose, "withdrawn") for purpose in EMAILS])


def chosen(author: Author, before: Choice, after: Choice, now: Preferences) -> list[Row]:
    """What is different in a form from how it was shown. What the customer left as it was decides nothing."""
    return _rows(author, _decisions(before, after, now))


def _decisions(before: Choice, after: Choice, now: Preferences) -> Iterator[_Decision]:
    for group in now.groups:
        if group.code in before.groups - after.groups:
            for purpose in EMAILS if group.code == EMAIL else group.purposes:
                yield _Decision(purpose, "withdrawn")
        if group.code in after.groups - before.groups:
            for purpose in group.purposes:
                yield _Decision(purpose, "granted")
    for topic in now.topics:
        if topic.topic in before.topics - after.topics:
            yield _Decision(EMAIL, "withdrawn", topic.topic)
        if topic.topic in after.topics - before.topics:
            yield _Decision(EMAIL, "granted", topic.topic)
    if after.topics - before.topics:
        # Who asks for a topic has answered what they meant by one that nobody lists any more.
        for name in now.unlisted:
            yield _Decision(EMAIL, "granted", name)
    if after.at_most_every_days != before.at_most_every_days:
        yield _Decision(EMAIL, "limited", days=after.at_most_every_days)


def _rows(author: Author, decisions: Iterable[_Decision]) -> list[Row]:
    return [
        Row(PREFERENCES, _columns(author, place, decision))
        for place, decision in enumerate(decisions)
    ]


def _columns(author: Author, place: int, decision: _Decision) -> dict[str, Any]:
    return {
        "id": f"preferences:{author.number}:{place}",
        "customer_key": author.customer_key,
        "purpose": decision.purpose,
        "status": decision.status,
        "topic": decision.topic,
        "at_most_every_days": decision.days,
        "decided_at": author.at.isoformat(timespec="milliseconds"),
        "proof": author.proof,
    }
