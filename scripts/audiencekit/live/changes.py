"""A change of a customer's membership of a segment, and how it is written: in the journal, to receivers and to browsers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

# The channels of a segment, each with why the customer is left out there; None where they may be addressed.
Reasons = tuple[tuple[str, str | None], ...]

# What a change is: the customer is in the segment now, is no longer, or may be addressed for it elsewhere than before.
ENTERED, LEFT, PERMISSION = "entered", "left", "permission"


@dataclass(frozen=True)
class Change:
    """One customer, one segment, one moment (UTC, naive).

    `because` is `event`, `extract`, `time` or `build`; `events` are the ids of the events, and `cart` the products that are in the
    customer's cart at the moment.
    """

    at: datetime
    segment: str
    customer_key: str
    action: str
    reasons: Reasons
    because: str
    events: tuple[str, ...] = ()
    cart: tuple[str, ...] = ()


def as_json(change: Change, change_seq: int, build_id: str) -> dict[str, Any]:
    """The change with its number, and the build whose rules it follows from."""
    return {
        "change_seq": change_seq,
        "occurred_at": f"{change.at.isoformat(timespec='milliseconds')}Z",
        "action": change.action,
        "segment_code": change.segment,
        "customer_key": change.customer_key,
        "channels": dict(change.reasons),
        "because": change.because,
        "event_ids": list(change.events),
        "cart": list(change.cart),
        "build_id": build_id,
    }
