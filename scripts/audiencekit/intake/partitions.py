"""Folders that are columns, as Hive and Spark write them: every row below currency=JPY/ has the currency JPY."""

import re
from collections.abc import Collection
from pathlib import Path
from urllib.parse import unquote

from audiencekit.intake.decision_words import in_words

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
# When rows were written or happened: year=2024/month=05, load_date=2024-05-01. It changes nothing about a row.
_CALENDAR = re.compile(
    r"((p|load|loaded|ingest|ingested|ingestion|import|imported|export|exported|extract|extracted|extraction|snapshot"
    r"|partition|process|processed|processing|run|event|batch|file|created|updated|modified) )?"
    r"(year|month|day|hour|minute|week|quarter|yyyy|yy|mm|dd|hh|y|m|d|h|dt|ds|date|time|at|on|yyyymm"
    r"|yyyymmdd|year month)"
)


def partition_in(folder: str) -> tuple[str, str | None] | None:
    """The column and the value in the name of a folder; None where it has none."""
    name, equals, value = folder.partition("=")
    if not equals or not name.strip():
        return None
    return unquote(name), None if value == NO_VALUE else unquote(value)


def partitions_of(name: str) -> dict[str, str | None]:
    """The columns in the folders of a file, by its path inside the landing folder."""
    found = map(partition_in, Path(name).parts[:-1])
    return dict(partition for partition in found if partition)


def with_a_meaning(
    partitions: dict[str, str | None], read: Collection[str]
) -> dict[str, str | None]:
    """The columns in folders without those that only say when, unless they are `read`."""
    return {
        name: value
        for name, value in partitions.items()
        if name in read or not _CALENDAR.fullmatch(in_words(name))
    }
