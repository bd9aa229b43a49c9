"""How loaders mark rows of change data capture: in a flag, in a time of deletion, or in a log of operations."""

from collections.abc import Sequence

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.files import GIVEN, LandingFile, plain_name
from audiencekit.intake.rules import CHANGE, SEQUENCE, raw_name
from audiencekit.intake.values import NO, NO_VALUE, YES
from audiencekit.sql import is_one_of, literal

# By kind of column, the names that it has, as letters and digits.
FLAG, TIME, LOG, NUMBERED, STREAM = "flag", "time", "log", "numbered", "stream"
_NAMES = {
    FLAG: ("deleted", "isdeleted", "isdelete", "fivetrandeleted", "deletedflag", "isdeletedflag", "deleteflag", "softdeleted",
           "issoftdeleted", "hevomarkeddeleted", "peerdbisdeleted", "hvrisdeleted", "artiedelete", "airbytedeleted"),
    TIME: ("deletedat", "abcdcdeletedat", "sdcdeletedat", "deletedon", "deletedtime", "deletedtimestamp", "datedeleted"),
    # Debezium, Delta Lake, BigQuery, Flink, DMS, Qlik, GoldenGate, IBM and SQL Server.
    LOG: ("changetype", "metadatachangetype", "changeoper", "headerchangeoper", "rowkind", "cdcoperation", "cdcop", "cdctype",
          "dmsop", "ibmsnapoperation", "syschangeoperation", "metaop", "optype", "operationname"),
    STREAM: ("metadataaction",),
}  # fmt: skip
# Of other tables, too, such as credit and debit.
_GENERIC = ("op", "operation", "operationtype", "action", "type")
_SQL_SERVER = "__$operation"
_IS_UPDATE = "metadataisupdate"
# What says which of two changes is later, the surest first.
_SEQUENCES = ("commitversion", "headerchangeseq", "sdcsequence", "sourcetsms", "tsms", "abcdclsn", "abcdcupdatedat",
              "committimestamp", "headertimestamp", "fivetransynced", "airbyteextractedat", "sdcbatchedat")  # fmt: skip
_DELETES = ("d", "delete", "deleted", "-d")
_BEFORE = ("update_preimage", "-u", "ub", "update_before", "preimage")
# Nobody writes these for anything but a change.
_CERTAIN = (*_BEFORE, "u", "i", "insert", "inserted", "update", "updated", "upsert", "update_postimage", "+i", "+u",
            "update_after", "postimage")  # fmt: skip
_AFTER = ("c", "r", "l", "create", "created", "read", "load", "snapshot", "after")
_NOTHING = ("", *map(str.lower, NO_VALUE))
_MOMENT = r"\d{4}-\d\d-\d\d.*|\d{9,19}([.]\d+)?|\d{1,2}[/.]\d{1,2}[/.]\d{4}.*"


def marks_of(con: duckdb.DuckDBPyConnection, file: LandingFile, rows: str) -> dict[str, int]:
    """Positions of the columns of a file that mark deleted rows, by the kind of each, and of one that says which change is later.

    `rows` is SQL for the rows of the file. Raises UserError for a column that seems to mark deleted rows and has a value that is
    not understood, or that may mean something else.
    """
    found = {}
    for place, header in enumerate(file.header):
        is_given = file.settings.columns.get(header) == GIVEN
        if (place in file.used and not is_given) or header in file.settings.ignore:
            continue
        kinds = [FLAG, LOG] if is_given else [kind for kind in [_kind(header)] if kind]
        problems = {kind: _problem(con, file, rows, place, kind) for kind in kinds}
        if kind := next((kind for kind, problem in problems.items() if not problem), None):
            found[f"{CHANGE}{kind}_{place}"] = place
        elif stops := [problem for problem in problems.values() if problem != _NO_MARK]:
            raise UserError(f"{file.name}, {header}: {stops[0]}")
    names = list(map(plain_name, file.header))
    if found and (sequence := next((name for name in _SEQUENCES if name in names), None)):
        found[SEQUENCE] = names.index(sequence)
    return found


_NO_MARK = "it marks nothing"


def _kind(header: str) -> str | None:
    """The kind of a column by its name; None if its name is none of those that loaders use."""
    if header == _SQL_SERVER:
        return NUMBERED
    name = plain_name(header)
    if name in _GENERIC:
        return LOG
    return next((kind for kind, names in _NAMES.items() if name in names), None)


def _problem(
    con: duckdb.DuckDBPyConnection, file: LandingFile, rows: str, place: int, kind: str
) -> str:
    """Why a column cannot be read as marks of deleted rows; empty if it can."""
    cell = _cell(place, kind)
    is_known, deletes = _is_known(cell, kind), _deletes_if(cell, kind)
    other, has_deletes, has_certain, filled = con.execute(
        f"select min({cell}) filter (where not {is_known}), coalesce(bool_or({deletes}), false), "
        f"coalesce(bool_or({is_one_of(cell, _CERTAIN)}), false), count(*) filter (where not {is_one_of(cell, _NOTHING)}) "
        f"from ({rows}) as file"
    ).fetchall()[0]
    header = file.header[place]
    is_given = file.settings.columns.get(header) == GIVEN
    # A loader has further columns, such as __ts_ms.
    is_of_loader = is_given or any(name.startswith("_") for name in file.header)
    is_generic = plain_name(header) in _GENERIC and not is_of_loader
    way_out = (
        f"Say columns: {{{header}: {GIVEN}}} in landing.yml, where values are yes and no, times, or operations such as delete; "
        "or list it under ignore."
    )
    if other is not None:
        if is_given or (has_deletes and (has_certain or not is_generic)):
            return f"it marks deleted rows, and has the value {other[:40]!r}. {way_out}"
        return _NO_MARK
    if is_generic and not has_certain:
        if has_deletes:
            return f"its values may mean deleted rows, or something else such as debit. {way_out}"
        return _NO_MARK
    return "" if filled or not is_generic else _NO_MARK


def _cell(place: int, kind: str) -> str:
    cell = f"lower(trim(cast({raw_name(place)} as varchar)))"
    return f"regexp_replace({cell}, '[.]0+$', '')" if kind in (NUMBERED, FLAG) else cell


def _is_known(cell: str, kind: str) -> str:
    words: Sequence[str] = {
        FLAG: (*YES, *NO, *_DELETES, *_NOTHING),
        TIME: (*NO, *_NOTHING),
        LOG: (*_DELETES, *_CERTAIN, *_AFTER, *_NOTHING),
        NUMBERED: ("1", "2", "3", "4", *_NOTHING),
        STREAM: ("insert", "delete", *_NOTHING),
    }[kind]
    return f"coalesce({_has(cell, words, kind)}, true)"


def _deletes_if(cell: str, kind: str) -> str:
    """SQL that is true for a cell that marks a deleted row, whatever time it gives."""
    words: Sequence[str] = {FLAG: (*YES, *_DELETES), TIME: (), NUMBERED: ("1",)}.get(kind, _DELETES)
    return _has(cell, words, kind)


def _has(cell: str, words: Sequence[str], kind: str) -> str:
    """SQL that is true for a cell with one of the words, or with a time where its kind has times."""
    tests = [is_one_of(cell, words)] if words else []
    if kind in (FLAG, TIME):
        tests.append(f"regexp_full_match({cell}, {literal(_MOMENT)})")
    return f"({' or '.join(tests)})"


def has_changes(file: LandingFile) -> bool:
    """Whether a file has a column that marks deleted rows."""
    return any(name.startswith(CHANGE) for name in file.positions)


def is_log(file: LandingFile) -> bool:
    """Whether each row of a file is a change, so that the last of a key counts."""
    return any(
        name.startswith(f"{CHANGE}{kind}")
        for name in file.positions
        for kind in (LOG, NUMBERED, STREAM)
    )


def is_deleted(file: LandingFile, as_of: str) -> str:
    """SQL that is true for rows that say that the row of their key was deleted before as_of."""
    return _any(file, "deleted", as_of)


def is_before(file: LandingFile) -> str:
    """SQL that is true for rows as they were before a change."""
    return _any(file, "before", "")


def is_deleted_later(file: LandingFile, as_of: str) -> str:
    """SQL that is true for rows that will be deleted at as_of or later."""
    return _any(file, "later", as_of)


def sequence_of(file: LandingFile) -> str:
    """SQL for a number that is larger for a later change; 0 where the file does not say it."""
    if SEQUENCE not in file.positions:
        return "0"
    cell = f"cast({raw_name(file.positions[SEQUENCE])} as varchar)"
    return f"coalesce(try_cast({cell} as double), epoch(try_cast({cell} as timestamp)), 0)"


def _any(file: LandingFile, what: str, as_of: str) -> str:
    """SQL that is true where a column that marks changes says `what`."""
    tests = ["false"]
    for name, place in file.positions.items():
        if name.startswith(CHANGE):
            kind = name.removeprefix(CHANGE).rpartition("_")[0]
            tests.append(_says(file, _cell(place, kind), kind, as_of).get(what, "false"))
    return f"coalesce({' or '.join(tests)}, false)"


def _says(file: LandingFile, cell: str, kind: str, as_of: str) -> dict[str, str]:
    """SQL for what a cell says of its row: that it was `deleted`, that it will be (`later`), or how it was `before`."""
    if kind in (FLAG, TIME):
        now, moment = f"timestamp {literal(as_of)}", _moment(cell)
        # The years 1 and 9999, and the beginning of Unix time, mean never.
        past = f"({moment} >= timestamp '1971-01-01' and {moment} < {now})"
        words = f" or {is_one_of(cell, (*YES, *_DELETES))}" if kind == FLAG else ""
        later = f"({moment} >= {now} and {moment} < timestamp '2500-01-01')"
        return {"deleted": f"coalesce({past}, false){words}", "later": later}
    if kind == NUMBERED:
        return {"deleted": f"{cell} = '1'", "before": f"{cell} = '3'"}
    if kind == STREAM:
        names = list(map(plain_name, file.header))
        place = names.index(_IS_UPDATE) if _IS_UPDATE in names else None
        flag = "''" if place is None else f"lower(trim(cast({raw_name(place)} as varchar)))"
        is_update = f"coalesce({is_one_of(flag, YES)}, false)"
        return {
            "deleted": f"({cell} = 'delete' and not {is_update})",
            "before": f"({cell} = 'delete' and {is_update})",
        }
    return {"deleted": is_one_of(cell, _DELETES), "before": is_one_of(cell, _BEFORE)}


def _moment(cell: str) -> str:
    """SQL for the time in a cell: a date, or seconds since 1970 or their thousandths."""
    number = f"try_cast({cell} as double)"
    seconds = (
        f"{number} / power(1000, greatest(0, floor((length(split_part({cell}, '.', 1)) - 8) / 3)))"
    )
    is_number = rf"regexp_full_match({cell}, '\d{{9,19}}([.]\d+)?')"
    day = f"regexp_extract({cell}, '^[0-9/.]+')"
    is_day = f"regexp_matches({cell}, '^\\d{{1,2}}[/.]')"
    of_day = f"coalesce(try_strptime({day}, '%d/%m/%Y'), try_strptime({day}, '%m/%d/%Y'))"
    return (
        f"(case when {is_number} then cast(to_timestamp({seconds}) as timestamp) "
        f"when {is_day} then {of_day} else try_cast(upper({cell}) as timestamp) end)"
    )
