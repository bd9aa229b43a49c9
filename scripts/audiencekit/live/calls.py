"""Calls of Segment's tracking API as rows of a warehouse: the layout that Segment's own export has, and adapters read.

https://www.twilio.com/docs/segment/connections/spec and …/connections/storage/warehouses/schema
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audiencekit.live.remembered import remembered

# The table of each type of call, and the columns that its rows always have.
TABLES = {
    "track": ("tracks", ("event", "event_text")),
    "page": ("pages", ("name", "url", "path")),
    "screen": ("screens", ("name", "context_os_name")),
    "identify": ("identifies", ("email",)),
    "alias": ("aliases", ("previous_id",)),
    "group": ("groups", ("group_id",)),
}
# Segment's limits, in bytes.
MAX_CALL, MAX_BATCH = 32 * 1024, 500 * 1024
MAX_COLUMNS = 500
# What a visitor's address in the network says of them is not collected.
NOT_COLLECTED = "context_ip"
# The years that a landing table may have.
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_DEPTH = 8


class BadCall(Exception):
    """A call that cannot be taken; the message says why, without quoting it."""


@dataclass(frozen=True)
class Row:
    """One call as a row: its table, its columns, and its message id, by which it counts once."""

    table: str
    columns: dict[str, Any]

    @property
    def message_id(self) -> str:
        return self.columns["id"]


def read_call(call: Any, received_at: datetime, new_id: str) -> Row:
    """The row of a call that arrived at `received_at` (UTC). `new_id` is its id if it has none. Raises BadCall.

    A visitor's clock may be wrong, so the time of the call is corrected by how long it was under way, as Segment does.
    """
    if not isinstance(call, Mapping):
        raise BadCall("a call is a JSON object")
    kind = call.get("type")
    if not isinstance(kind, str) or kind not in TABLES:
        raise BadCall(f"type must be one of {', '.join(TABLES)}")
    user, visitor = _text(call, "userId"), _text(call, "anonymousId")
    if not user and not visitor:
        raise BadCall("userId or anonymousId is required")
    if kind == "track" and not _text(call, "event"):
        raise BadCall("a track call has an event")
    table, always = TABLES[kind]
    # RudderStack's library for websites calls the time of a call originalTimestamp.
    original = moment_of(call, "timestamp") or moment_of(call, "originalTimestamp")
    sent = moment_of(call, "sentAt")
    columns: dict[str, Any] = dict.fromkeys(always)
    columns |= dict(_flat(call.get("traits" if kind in ("identify", "group") else "properties")))
    # What the library says of the browser is never overwritten by a property of the same name.
    columns |= dict(_flat(call.get("context"), "context_"))
    if len(columns) > MAX_COLUMNS:
        raise BadCall(f"a call has at most {MAX_COLUMNS} values")
    columns |= {
        "id": _text(call, "messageId") or new_id,
        "anonymous_id": visitor,
        "user_id": user,
        "received_at": _written(received_at),
        "sent_at": _written(sent),
        "original_timestamp": _written(original),
        "timestamp": _written(_corrected(original, sent, received_at)),
    }
    columns |= _own_columns(kind, call)
    return Row(table, {n: v for n, v in columns.items() if not n.startswith(NOT_COLLECTED)})


def _own_columns(kind: str, call: Mapping) -> dict[str, Any]:
    if kind == "track":
        name = _text(call, "event") or ""
        return {"event": snake_case(name), "event_text": name}
    if kind in ("page", "screen"):
        title = _text(call, "name")
        return {"name": title} if title else {}
    if kind == "alias":
        return {"previous_id": _text(call, "previousId")}
    return {"group_id": _text(call, "groupId")} if kind == "group" else {}


def _text(call: Mapping, name: str) -> str | None:
    value = call.get(name)
    if value is None or isinstance(value, str):
        if "\0" in (value or ""):
            raise BadCall(f"{name} has a character that no text has")
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise BadCall(f"{name} must be a text")


def moment_of(call: Mapping, name: str) -> datetime | None:
    """A moment of a call or a batch, UTC. Raises BadCall if it is none, or not one of our time."""
    value = call.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        raise BadCall(f"{name} must be a time as in ISO 8601") from None
    if not _FIRST <= moment < _LAST:
        raise BadCall(f"{name} is not between 2000 and 2100")
    return moment


def _corrected(original: datetime | None, sent: datetime | None, received: datetime) -> datetime:
    """When it happened by our clock: as long before its arrival as it says that it happened before it was sent."""
    if original is None:
        return received
    happened = received - (sent - original) if sent else original
    if not _FIRST <= happened < _LAST:
        raise BadCall("timestamp and sentAt are too far apart")
    return happened


def _written(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds") if moment else None


def _flat(value: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Columns of nested values: {page: {url: x}} is page_url. Lists are JSON."""
    if value is None:
        return
    if not isinstance(value, Mapping):
        raise BadCall("context, properties and traits are JSON objects")
    if depth > _DEPTH:
        raise BadCall(f"values are nested more than {_DEPTH} deep")
    for key, inner in value.items():
        name = prefix + snake_case(str(key))
        if isinstance(inner, Mapping):
            yield from _flat(inner, f"{name}_", depth + 1)
        elif isinstance(inner, list):
            yield name, json.dumps(inner, ensure_ascii=False)
        else:
            yield name, inner


@remembered
def snake_case(name: str) -> str:
    """A name as Segment writes it in a warehouse: Product Added and productAdded are product_added."""
    divided = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[\W_]+", "_", divided.lower()).strip("_")
