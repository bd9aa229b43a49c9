"""Changes of audience rows, read from the published activation.duckdb."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb

from audiencekit.errors import UserError
from audiencekit.workspace import Workspace

COLUMNS = (
    "change_seq, channel, audience_code, audience_row_id, action, reason, "
    "identifiers, former_identifiers, row_hash, build_id, occurred_at"
)


@dataclass(frozen=True)
class Change:
    """One row of `audience_changes`.

    `identifiers` is JSON text of the hashes or keys by which a platform removes the row, never contact data;
    None when there are none left, as after an erasure. `former_identifiers` are those before this UPDATE, for
    platforms that know people by nothing else.
    """

    change_seq: int
    channel: str
    audience_code: str
    audience_row_id: str
    action: str
    reason: str | None
    identifiers: str | None
    former_identifiers: str | None
    row_hash: str | None
    build_id: str
    occurred_at: datetime

    @property
    def key(self) -> str:
        """The idempotency key. It is not the row_hash, because a person who leaves and returns has the same hash."""
        return f"{self.audience_row_id}-{self.change_seq}"


@contextmanager
def open_published(workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published activation.duckdb, read only. One connection sees one whole generation."""
    path = workspace.current.resolve() / "activation.duckdb"
    if not path.exists():
        raise UserError(f"Nothing is published in {workspace.home}. Run `audiencekit run` first.")
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute("select table_name from duckdb_tables()").fetchall()
        if ("audience_changes",) not in tables:
            raise UserError(
                f"{path} has no audience_changes. Publish again with this version: `audiencekit run`."
            )
        yield con


def check_channel(con: duckdb.DuckDBPyConnection, channel: str) -> None:
    """Raises UserError unless an audience table of the channel is published."""
    names = sorted(
        name.removeprefix("aud_")
        for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()
        if name.startswith("aud_")
    )
    if channel not in names:
        raise UserError(f"There is no channel {channel}. There are: {', '.join(names)}.")


def read_changes(
    con: duckdb.DuckDBPyConnection, after: int, channel: str | None, limit: int
) -> list[Change]:
    """The next `limit` changes after a change_seq, in order, of one channel or of all (None)."""
    rows = con.execute(
        f"select {COLUMNS} from audience_changes where change_seq > $after "
        "and ($channel is null or channel = $channel) order by change_seq limit $limit",
        {"after": after, "channel": channel, "limit": limit},
    ).fetchall()
    return [Change(*row) for row in rows]


def changes_by_seq(con: duckdb.DuckDBPyConnection, numbers: Sequence[int]) -> list[Change]:
    """The changes with these change_seq, in order. Those that no longer exist are left out."""
    rows = con.execute(
        f"select {COLUMNS} from audience_changes where list_contains($numbers, change_seq) order by change_seq",
        {"numbers": list(numbers)},
    ).fetchall()
    return [Change(*row) for row in rows]


def last_changes(con: duckdb.DuckDBPyConnection, row_ids: Sequence[str]) -> dict[str, int]:
    """The last change_seq of each of these audience rows."""
    return dict(
        con.execute(
            "select audience_row_id, max(change_seq) from audience_changes "
            "where list_contains($row_ids, audience_row_id) group by audience_row_id",
            {"row_ids": list(row_ids)},
        ).fetchall()
    )


def former_identifiers(
    con: duckdb.DuckDBPyConnection, channel: str, row_ids: Sequence[str]
) -> dict[str, list[dict]]:
    """Identifiers that these audience rows of a channel had before, oldest first.

    A client that sends only the last change of a row must remove all of them. An identifier that a row of the
    audience has now is left out: it came back, or passed on to another customer after the change.
    """
    rows = con.execute(
        "select audience_row_id, audience_code, former_identifiers from audience_changes "
        "where list_contains($row_ids, audience_row_id) and former_identifiers is not null order by change_seq",
        {"row_ids": list(row_ids)},
    ).fetchall()
    named = [(row_id, code, json.loads(text)) for row_id, code, text in dict.fromkeys(rows)]
    held = _held_now(con, channel, [identifiers for _, _, identifiers in named])
    former: dict[str, list[dict]] = {}
    for row_id, code, identifiers in named:
        gone = {name: x for name, x in identifiers.items() if (code, name, x) not in held}
        # The type of an identifier alone names nobody.
        if any(not name.endswith("_type") for name in gone):
            former.setdefault(row_id, []).append(gone)
    return former


def _held_now(
    con: duckdb.DuckDBPyConnection, channel: str, identifiers: Sequence[dict]
) -> set[tuple[str, str, str]]:
    """Which of these identifiers rows of the channel have now: audience code, name and value."""
    columns = {row[0] for row in con.execute(f"describe aud_{channel}").fetchall()}
    values: dict[str, list[str]] = {}
    for each in identifiers:
        for name, value in each.items():
            if name in columns and not name.endswith("_type"):
                values.setdefault(name, []).append(value)
    held = set()
    for name, those in values.items():
        rows = con.execute(
            f"select distinct audience_code, {name} from aud_{channel} where list_contains($values, {name})",
            {"values": those},
        ).fetchall()
        held |= {(code, name, value) for code, value in rows}
    return held


def newest_change_seq(con: duckdb.DuckDBPyConnection) -> int:
    """The highest change_seq that is published, 0 without any."""
    return con.execute("select coalesce(max(change_seq), 0) from audience_changes").fetchall()[0][0]


def audience_rows(
    con: duckdb.DuckDBPyConnection, channel: str, row_ids: Sequence[str]
) -> dict[str, dict]:
    """Rows of `aud_<channel>` as published now, by audience_row_id. Timestamps are ISO text."""
    check_channel(con, channel)
    cursor = con.execute(
        f"select * from aud_{channel} where list_contains($row_ids, audience_row_id)",
        {"row_ids": list(row_ids)},
    )
    names = [column[0] for column in cursor.description]
    rows = (dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall())
    return {str(row["audience_row_id"]): row for row in rows}


def parsed_identifiers(change: Change) -> dict[str, dict | None]:
    """Both identifiers of a change as objects, None where there are none."""
    texts = {"identifiers": change.identifiers, "former_identifiers": change.former_identifiers}
    return {name: json.loads(text) if text else None for name, text in texts.items()}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
