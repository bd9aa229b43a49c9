"""What a refresh did: counts, and lines for the user."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from audiencekit.live.changes import ENTERED, LEFT, PERMISSION

# How many names a line has.
_MOST = 8


@dataclass
class Report:
    """What a refresh did. Counts of rows are by landing table, `changes` by segment and action."""

    as_of: datetime
    build_id: str
    rows: dict[str, int] = field(default_factory=dict)
    quarantined: dict[tuple[str, str], int] = field(default_factory=dict)
    not_in_build: dict[str, int] = field(default_factory=dict)
    shared: dict[str, int] = field(default_factory=dict)
    of_nobody: dict[str, int] = field(default_factory=dict)
    new_people: int = 0
    merges: int = 0
    erased: int = 0
    failed: int = 0
    touched: int = 0
    due: int = 0
    evaluated: int = 0
    customers: int = 0
    campaigns: int = 0
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    daily: dict[str, str] = field(default_factory=dict)
    is_handed_over: bool = False
    is_later: bool = False
    seconds: dict[str, float] = field(default_factory=dict)


def lines_of(report: Report) -> Iterator[str]:
    """Lines about what was taken in, who was evaluated, what changed, and what is left to the next build."""
    yield f"Refreshed as of {report.as_of}, on the build {report.build_id}"
    yield f"  new rows since the build: {_counts(report.rows)}"
    for (table, reasons), rows in report.quarantined.items():
        yield f"  in quarantine: {rows:,} rows of {table}: {reasons}"
    yield (
        f"  customers: {report.touched:,} concerned by new rows, {report.due:,} more due by time, "
        f"{report.evaluated:,} of {report.customers:,} evaluated"
    )
    if report.erased:
        yield f"  {report.erased:,} customers asked for their erasure: they are in no segment any more, and the next build erases them"
    if report.campaigns:
        yield f"  the days of {report.campaigns:,} campaigns are known anew, so that everybody was evaluated"
    if report.failed:
        yield f"  {report.failed:,} customers cannot be evaluated, and are as they were"
    yield from _changes(report.changes)
    yield from _left(report)
    if report.is_later:
        yield (
            "  The running `audiencekit live` was loading the build: it evaluates them with all customers, and announces the "
            "changes as it comes to them."
        )
    elif report.is_handed_over:
        yield "  The running `audiencekit live` evaluated them and announces the changes."
    total = sum(report.seconds.values())
    yield f"  {total:.1f} s: " + ", ".join(f"{name} {s:.1f}" for name, s in report.seconds.items())


def _changes(changes: Mapping[tuple[str, str], int]) -> Iterator[str]:
    if not changes:
        yield "  changes: none"
    for segment in sorted({segment for segment, _ in changes}):
        counts = [
            f"{changes[segment, action]:,} {text}"
            for action, text in (
                (ENTERED, "entered"),
                (LEFT, "left"),
                (PERMISSION, "may be addressed elsewhere than before"),
            )
            if changes.get((segment, action))
        ]
        yield f"  {segment}: {', '.join(counts)}"


def _left(report: Report) -> Iterator[str]:
    """What waits for the next build."""
    for table, rows in report.not_in_build.items():
        yield f"  left to the next build: {rows:,} rows of {table}, a table that the build did not have"
    if report.shared:
        yield f"  left to the next build: new rows that hold for everybody: {_counts(report.shared)}"
    if report.of_nobody:
        yield f"  left to the next build: rows that belong to no customer: {_counts(report.of_nobody)}"
    if report.new_people:
        yield f"  left to the next build: {report.new_people:,} identifiers of new customers"
    if report.merges:
        yield f"  left to the next build: {report.merges:,} new records that name several customers, who may be one"
    if report.daily:
        names = list(report.daily)
        more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
        yield f"  left to the next build: {len(names)} segments that only a build can evaluate: {', '.join(names[:_MOST])}{more}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in Counter(counts).most_common()) or "none"
