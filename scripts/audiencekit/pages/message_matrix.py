"""The matrix of messages: segment by channel and slot, and the messages that nobody gets."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

Row = dict[str, Any]

# One row per slot of a channel and segment that lists the channel, in order of priority, the fallback last.
CELLS = """
    select slots.*, dim_segments.label, messages.headline, messages.offer_code
    from rpt_message_slots as slots
    left join dim_segments using (segment_code)
    left join rpt_messages as messages using (message_code)
    order by slots.channel, dim_segments.priority nulls last, slots.segment_code, slots.slot
"""
UNUSED = """
    select messages.*, dim_segments.label
    from rpt_messages as messages
    left join dim_segments using (segment_code)
    where messages.status <> 'shown'
    order by messages.status, messages.channel, messages.slot, dim_segments.priority nulls last, messages.message_code
"""
# What each status means, and what to do about it, in the order of the page.
STATUSES = {
    "outranked": "Another message of the same segment, channel and slot comes first for as long as both are valid.",
    "shown to nobody": "Nobody whom the channel reaches is addressed for the segment, or a segment with a lower priority "
    "number has a message for the slot.",
    "not yet valid": "Begins later.",
    "expired": "No longer valid. Delete it, or give it new dates.",
}


@dataclass(frozen=True)
class Channel:
    """The cells of one channel: by segment (the fallback last), one for each of `slots`.

    `missing` counts cells of segments that are empty while another segment has a message for the slot.
    """

    name: str
    slots: list[str]
    rows: list[tuple[Row, list[Row]]]
    missing: int


def message_matrix(cells: list[Row]) -> list[Channel]:
    """The matrix of each channel, from rows of CELLS, with `is_missing` added to each cell."""
    return [_channel(name, list(rows)) for name, rows in groupby(cells, lambda r: r["channel"])]


def _channel(name: str, cells: list[Row]) -> Channel:
    in_use = {cell["slot"] for cell in cells if cell["segment_code"] and cell["message_code"]}
    cells = [
        cell
        | {
            "is_missing": bool(cell["segment_code"])
            and not cell["message_code"]
            and cell["slot"] in in_use
        }
        for cell in cells
    ]
    rows = [list(row) for _, row in groupby(cells, lambda cell: cell["segment_code"])]
    slots = sorted({cell["slot"] for cell in cells})
    return Channel(
        name, slots, [(row[0], row) for row in rows], sum(cell["is_missing"] for cell in cells)
    )


def unused_messages(rows: list[Row]) -> list[tuple[str, str, list[Row]]]:
    """Rows of UNUSED by status, each with what it means; statuses without a message are left out."""
    groups = [
        (status, meaning, [row for row in rows if row["status"] == status])
        for status, meaning in STATUSES.items()
    ]
    return [group for group in groups if group[2]]
