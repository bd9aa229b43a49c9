"""Who was in which segment as of the build, and what they were shown: read from a generation without evaluating anybody."""

import json
from dataclasses import dataclass

import duckdb

from audiencekit.live.changes import Reasons

# The segments of a customer, and by channel why they are left out there.
Segments = dict[str, Reasons]


@dataclass(frozen=True)
class AsBuilt:
    """By customer their segments, and the messages by slot of the website, as JSON. Customers have them in common."""

    segments: dict[str, Segments]
    messages: dict[str, dict[str, str]]


def read_as_built(con: duckdb.DuckDBPyConnection) -> AsBuilt:
    """The customers of a generation whose live.duckdb is attached as `published`."""
    kinds = con.execute("from published.facts.membership_kinds").fetchall()
    segments = {
        kind: {
            segment: tuple((channel, reason) for channel, reason in reasons)
            for segment, reasons in json.loads(listed)
        }
        for kind, listed, _ in kinds
    }
    messages = {kind: dict(json.loads(shown)) for kind, _, shown in kinds}
    table = con.execute("select customer_key, kind from published.facts.memberships")
    members = table.to_arrow_table()
    keys, of = members.column("customer_key").to_pylist(), members.column("kind").to_pylist()
    return AsBuilt(
        {key: segments[kind] for key, kind in zip(keys, of, strict=True)},
        {key: messages[kind] for key, kind in zip(keys, of, strict=True)},
    )
