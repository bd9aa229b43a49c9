"""Rows of calls as the adapters of Segment's warehouse read them, so that no call from outside can stop a run.

Columns that an adapter knows stay; the properties of an event that it does not know are one JSON object. A call that may
state a refusal in a way that no adapter reads is held back, for somebody to look at: a run would stop at it, and would
have to.
"""

import json
from functools import cache
from typing import Any

from audiencekit.intake.adapters import load_adapters, sql_name
from audiencekit.intake.decision_words import flag_may_decide, may_decide, may_refuse
from audiencekit.intake.values import NO, YES
from audiencekit.live.calls import Row
from audiencekit.live.remembered import remembered

# Where a run does not read: names that begin with _ are skipped.
HELD, NOT_READ = "_held", "_not_read"
# What customers choose on the preference page.
PREFERENCES = "preferences"
# The adapter and its input, by the table of calls.
INPUTS = {
    "tracks": ("segment_events", "events"),
    "pages": ("segment_events", "pages"),
    "screens": ("segment_events", "screens"),
    "identifies": ("segment_users", "identifies"),
    "aliases": ("segment_users", "aliases"),
    PREFERENCES: ("live_preferences", PREFERENCES),
}
_name_may_decide, _flag_may_decide = remembered(may_decide), remembered(flag_may_decide)
_event_may_refuse = remembered(may_refuse)
_YES_OR_NO = {*YES, *NO}
# How much of a text is read.
_READ = 2000


def for_adapters(row: Row) -> Row:
    """The row as a run can read it, or under another table as it came: held back, or of a kind that no run reads."""
    if row.table not in INPUTS:
        return Row(NOT_READ, row.columns)
    names, others = _names(row.table)
    known: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for name, value in row.columns.items():
        column = names.get(name)
        if column and known.get(column) is None:
            known[column] = value
        elif value is not None:
            unknown[name] = value
    if _may_refuse(row.table, known, unknown):
        return Row(HELD, row.columns)
    if others:
        properties = {
            name: value for name, value in unknown.items() if not name.startswith("context_")
        }
        known[others] = json.dumps(properties, ensure_ascii=False) if properties else None
    return Row(row.table, known)


def _may_refuse(table: str, known: dict[str, Any], unknown: dict[str, Any]) -> bool:
    """Whether a run would stop at the row, because it may state a refusal that no adapter reads."""
    if _event_may_refuse(str(known.get("event_text") or "")):
        return True
    for name, value in unknown.items():
        if _name_may_decide(name) or (_is_flag(value) and _flag_may_decide(name)):
            return True
        # A trait, such as a status, may say so itself. What an event has, such as the title of a page, is no decision.
        if table == "identifies" and isinstance(value, str) and may_refuse(value[:_READ]):
            return True
    decisions = {
        name: value for name, value in known.items() if value is not None and _name_may_decide(name)
    }
    return any(
        name.endswith("_at") or not _is_flag(value)
        for name, value in decisions.items()
        if not name.startswith("context_")
    )


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool) or str(value).strip().lower() in _YES_OR_NO


@cache
def _names(table: str) -> tuple[dict[str, str], str | None]:
    """The column of the adapter's input by each name for it, and the column that has all others."""
    adapter, input_name = INPUTS[table]
    columns = load_adapters()[adapter].inputs[input_name].columns
    names = {
        sql_name(header): column.name
        for column in columns
        if not column.takes_others
        for header in (column.name, *column.aliases)
    }
    return names, next((column.name for column in columns if column.takes_others), None)
