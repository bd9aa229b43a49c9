"""How loaders mark rows of change data capture: in a flag, a time of deletion, or an operation."""

import re
from collections.abc import Sequence

from audiencekit.intake.files import LandingFile, plain_name
from audiencekit.intake.rules import CHANGE, raw_name
from audiencekit.intake.values import NO, NO_VALUE, YES
from audiencekit.sql import is_one_of, literal

_FLAGS = (
    "deleted",
    "isdeleted",
    "fivetrandeleted",
    "deletedflag",
    "isdeletedflag",
    "deleteflag",
    "softdeleted",
    "issoftdeleted",
)
_TIMES = (
    "deletedat",
    "abcdcdeletedat",
    "sdcdeletedat",
    "deletedon",
    "deletedtime",
    "deletedtimestamp",
    "datedeleted",
)
# Debezium, Delta Lake, Flink, DMS, Qlik, IBM and SQL Server.
_OPERATIONS = ("op", "operation", "operationtype", "changetype", "changeoper", "headerchangeoper", "rowkind", "cdcoperation",
               "cdcop", "cdctype", "dmsop", "ibmsnapoperation", "syschangeoperation")  # fmt: skip
_DELETES = ("d", "delete", "deleted", "-d", "remove", "removed")
_BEFORE = ("update_preimage", "-u", "ub", "update_before", "before", "preimage", "b")
_AFTER = ("c", "i", "u", "r", "l", "insert", "inserted", "create", "created", "update", "updated", "upsert", "read", "load",
          "snapshot", "update_postimage", "+i", "+u", "update_after", "after", "postimage")  # fmt: skip
# SQL Server's __$operation.
_NUMBERED = {"__$operation": ("1", "3", ("2", "4"))}
_NOTHING = ("", *map(str.lower, NO_VALUE))
_MOMENT = r"\d{4}-\d\d-\d\d.*|\d{10,16}([.]\d+)?|\d{1,2}[/.]\d{1,2}[/.]\d{4}.*"


def may_mark(header: str) -> bool:
    """Whether a column may mark deleted rows, by its name."""
    return plain_name(header) in (*_FLAGS, *_TIMES, *_OPERATIONS)


def is_known(header: str, value: str) -> bool:
    """Whether a value of a column says whether a row was deleted."""
    if header in _NUMBERED:
        delete, before, after = _NUMBERED[header]
        return value in (delete, before, *after)
    if plain_name(header) in _OPERATIONS:
        return value in (*_DELETES, *_BEFORE, *_AFTER, *_NOTHING)
    return value in (*YES, *NO, *_DELETES, *_AFTER, *_NOTHING) or bool(re.fullmatch(_MOMENT, value))


def is_deleted(file: LandingFile) -> str:
    """SQL that is true for rows that say that the row of their key was deleted."""
    return _any(file, _DELETES, 0, f"{{cell}} not in ({_texts(*NO, *_AFTER, *_BEFORE, *_NOTHING)})")


def is_before(file: LandingFile) -> str:
    """SQL that is true for rows as they were before a change."""
    return _any(file, _BEFORE, 1, "false")


def _any(file: LandingFile, values: Sequence[str], number: int, of_flags: str) -> str:
    """SQL that is true where a column that marks changes has one of the `values`, or, if it is a flag, where `of_flags` is."""
    tests = ["false"]
    for name, place in file.positions.items():
        if not name.startswith(CHANGE):
            continue
        header = file.header[place]
        cell = f"lower(trim(cast({raw_name(place)} as varchar)))"
        if header in _NUMBERED:
            tests.append(f"{cell} = {literal(str(_NUMBERED[header][number]))}")
        elif plain_name(header) in _OPERATIONS:
            tests.append(is_one_of(cell, values))
        else:
            tests.append(of_flags.format(cell=cell))
    return f"coalesce({' or '.join(tests)}, false)"


def _texts(*values: str) -> str:
    return ", ".join(map(literal, values))


def has_changes(file: LandingFile) -> bool:
    """Whether a file has a column that marks deleted rows."""
    return any(name.startswith(CHANGE) for name in file.positions)
