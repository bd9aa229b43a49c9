"""The contract's rules as DuckDB expressions over one file: the typed value, and what breaks it."""

from dataclasses import dataclass

from audiencekit.contract import Column, Table
from audiencekit.landing_files import LandingFile

EARLIEST = "2000-01-01"
SQL_TYPES = {
    "string": "varchar",
    "timestamp": "timestamp",
    "date": "date",
    "double": "double",
    "bigint": "bigint",
}
SPOKEN_TYPES = {
    "timestamp": "not a timestamp (write 2017-12-31 18:30:00, with +01:00 if not UTC)",
    "date": "not a date (write 2017-12-31)",
    "double": "not a number (write 1234.50)",
    "bigint": "not a whole number",
}


@dataclass(frozen=True)
class Rule:
    """One way a value can break the contract: when `broken` (SQL) holds, `reason` says why."""

    broken: str
    reason: str


def literal(text: str) -> str:
    """`text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def raw_name(position: int) -> str:
    """How intake calls the column at `position` of a file, whatever its header says."""
    return f"c{position}"


def typed_value(column: Column, file: LandingFile) -> str:
    """SQL for the column's typed value, null where it is absent, blank or does not parse."""
    wanted = SQL_TYPES[column.data_type]
    if column.name not in file.positions:
        return f"cast(null as {wanted})"
    position = file.positions[column.name]
    raw, native = raw_name(position), file.types[position]
    if native == "VARCHAR":
        text = f"nullif(trim({raw}, ' \t\r\n\u00a0\ufeff'), '')"
    elif native in ("DOUBLE", "FLOAT") and wanted == "varchar":
        # A float id is an integer id that met a null in pandas: 17.0 is the id 17.
        whole = f"{raw} = trunc({raw}) and abs({raw}) < 9e15"
        text = f"case when {whole} then cast(cast({raw} as bigint) as varchar) else cast({raw} as varchar) end"
    else:
        text = raw
    if wanted == "varchar":
        return f"lower({text})" if column.one_of else f"cast({text} as varchar)"
    if wanted == "timestamp" and native == "VARCHAR":
        # Through timestamptz, so that an offset counts; the session runs in UTC.
        return f"try_cast(try_cast({text} as timestamptz) as timestamp)"
    if wanted == "double":
        number = f"try_cast({text} as double)"
        return f"case when isfinite({number}) then {number} end"
    if wanted == "timestamp" and not native.startswith(("TIMESTAMP", "DATE")):
        return "cast(null as timestamp)"
    return f"try_cast({text} as {wanted})"


def rules_for(table: Table, file: LandingFile, as_of: str) -> list[Rule]:
    """Every rule of the contract that a row of `file` can break, except being later than as_of."""
    rules = []
    for column in table.columns:
        if column.name not in file.positions:
            continue
        value, raw = column.name, raw_name(file.positions[column.name])
        given = f"nullif(trim(cast({raw} as varchar)), '') is not null"
        if column.required:
            rules.append(Rule(f"not ({given})", f"{column.name}: missing"))
        if column.data_type != "string":
            rules.append(
                Rule(
                    f"{given} and {value} is null",
                    f"{column.name}: {SPOKEN_TYPES[column.data_type]}",
                )
            )
        if column.one_of:
            allowed = ", ".join(literal(v) for v in column.one_of)
            rules.append(
                Rule(
                    f"{value} not in ({allowed})",
                    f"{column.name}: not one of {', '.join(column.one_of)}",
                )
            )
        if column.not_zero:
            rules.append(Rule(f"{value} = 0", f"{column.name}: zero"))
        for bound, sign, word in ((column.min, "<", "below"), (column.max, ">", "above")):
            if bound is not None:
                edge = literal(bound) if isinstance(bound, str) else bound
                rules.append(Rule(f"{value} {sign} {edge}", f"{column.name}: {word} {bound}"))
        if column.data_type == "date" and not column.name.startswith("campaign_"):
            rules.append(
                Rule(f"{value} > cast({literal(as_of)} as timestamp)", f"{column.name}: in future")
            )
        if column.data_type == "timestamp":
            rules.append(
                Rule(f"{value} < timestamp '{EARLIEST}'", f"{column.name}: before {EARLIEST}")
            )
            rules.append(
                Rule(f"{value} > timestamp '2100-01-01'", f"{column.name}: after 2100-01-01")
            )
    return rules


def later_than(table: Table, as_of: str) -> str:
    """SQL that holds for a row that was not yet known at as_of."""
    return (
        " or ".join(f"{c} >= cast({literal(as_of)} as timestamp)" for c in table.clocks) or "false"
    )
