"""Who was in which segment as of the build, and what they were shown: read from a generation without evaluating anybody."""

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb

from audiencekit.live.changes import Reasons
from audiencekit.publish.live_state import LIVE_FILE

# The segments of a customer, and by channel why they are left out there.
Segments = dict[str, Reasons]
# How many customers are read at a time.
_TOGETHER = 2_048


@dataclass(frozen=True)
class AsBuilt:
    """By customer their segments, and the messages by slot of the website, as JSON. Customers have them in common."""

    segments: dict[str, Segments]
    messages: dict[str, dict[str, str]]


def read_as_built(generation: Path) -> AsBuilt:
    """The customers of a published generation."""
    with duckdb.connect(str(generation / LIVE_FILE), read_only=True) as con:
        return _read(con)


def _read(con: duckdb.DuckDBPyConnection) -> AsBuilt:
    kinds = con.execute("from facts.membership_kinds").fetchall()
    segments = {
        kind: {
            segment: tuple((channel, reason) for channel, reason in reasons)
            for segment, reasons in json.loads(listed)
        }
        for kind, listed, _ in kinds
    }
    messages = {kind: dict(json.loads(shown)) for kind, _, shown in kinds}
    built = AsBuilt({}, {})
    table = con.execute("select customer_key, kind from facts.memberships")
    # In parts: while one call converts a million values, no other thread answers.
    for part in table.to_arrow_reader(_TOGETHER):
        keys, of = part.column("customer_key").to_pylist(), part.column("kind").to_pylist()
        built.segments.update((key, segments[kind]) for key, kind in zip(keys, of, strict=True))
        built.messages.update((key, messages[kind]) for key, kind in zip(keys, of, strict=True))
    return built
