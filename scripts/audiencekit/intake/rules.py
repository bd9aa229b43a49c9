"""What breaks the contract, as DuckDB expressions over the typed rows of one file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audiencekit.intake.contract import Column, Table
from audiencekit.intake.files import LandingFile
from audiencekit.intake.shop import MINOR_UNITS
from audiencekit.sql import is_one_of, literal

EARLIEST, LATEST = "2000-01-01", "2100-01-01"
SQL_TYPES = {
    "string": "varchar",
    "timestamp": "timestamp",
    "date": "date",
    "double": "double",
    "bigint": "bigint",
    "boolean": "boolean",
}
TYPE_MESSAGES = {
    "string": "not text",
    "timestamp": "not a timestamp (write 2017-12-31 18:30:00, with +01:00 if not UTC)",
    "date": "not a date (write 2017-12-31)",
    "double": "not a number (write 1234.50)",
    "bigint": "not a whole number",
    "boolean": "not yes or no",
}
DAY_OR_MONTH = "day or month first? Say date_order: DMY or MDY in landing.yml"
# What a report writes in the first cell of its last line.
TOTALS = ("total", "totals", "grand total", "subtotal", "sum", "summe", "gesamt", "gesamtsumme", "zwischensumme", "somme",
          "totale", "suma", "soma", "totaal", "subtotaal")  # fmt: skip
YEAR_LAST = r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})"
LOST_DIGITS = r"\d(\.\d+)?[eE]\+\d+"
# Whole numbers up to this size are exact in a floating-point column.
EXACT = {"DOUBLE": 2**53, "FLOAT": 2**24}


# How the positions of columns begin that mark deleted rows, see changes.py.
CHANGE = "change_"
SEQUENCE = "sequence_of_changes"
# Why a date after as_of is refused.
IN_FUTURE = "in future"


@dataclass(frozen=True)
class Rule:
    """One way a value can break the contract: when `broken` (SQL) holds, `reason` says why."""

    broken: str
    reason: str


def raw_name(position: int) -> str:
    """The name that intake gives the column at `position` of a file, whatever its header says."""
    return f"c{position}"


def rules_for(table: Table, file: LandingFile, as_of: str) -> list[Rule]:
    """Every rule of the contract that a row of `file` can break. To be at as_of or later is not one of them."""
    return [
        Rule(broken, f"{column.part_of or column.name}: {reason}")
        for column in table.columns
        if column.name in file.positions
        for broken, reason in _rules_of(column, table, file, as_of)
    ]


def _rules_of(column: Column, table: Table, file: LandingFile, as_of: str) -> list[tuple[str, str]]:
    value, position = column.name, file.positions[column.name]
    cell, native = raw_name(position), file.types[position]
    kind = "" if native == "VARCHAR" else f"; the file holds {native.lower()[:40]}"
    is_unread = f"{cell} is not null and {value} is null"
    rules = [(is_unread, TYPE_MESSAGES[column.data_type] + kind)]
    if column.data_type in ("timestamp", "date") and native == "VARCHAR":
        in_doubt = f"regexp_matches({cell}, '^{YEAR_LAST}')"
        rules = [
            (f"{is_unread} and not {in_doubt}", TYPE_MESSAGES[column.data_type]),
            (f"{is_unread} and {in_doubt}", DAY_OR_MONTH),
        ]
    if column.required:
        rules.append((f"{cell} is null", "missing"))
    if column.data_type == "string" and not column.one_of:
        rules.append((f"contains({value}, chr(0))", "holds a NUL byte"))
    if column.is_identifier:
        is_lost = f"(contains({value}, '+') and regexp_full_match({value}, '{LOST_DIGITS}'))"
        if native in EXACT:
            is_lost = f"abs({cell}) > {EXACT[native]}"
        rules.append((is_lost, "digits are lost (as 1.2E+12). Export identifiers as text"))
    if column.is_identifier and column.name == table.key[0]:
        looks_so = is_one_of(f"lower({value})", TOTALS)
        rules.append((looks_so, "this looks like a line of totals"))
    if column.one_of:
        is_other = f"not {is_one_of(value, column.one_of)}"
        rules.append((is_other, f"not one of {', '.join(column.one_of)}"))
    if column.name == "currency":
        # A rate of GBX is one of its own; GBp would become GBP.
        codes = ["GBp"] if table.name == "exchange_rates" else list(MINOR_UNITS)
        rules.append(
            (
                is_one_of(value, codes),
                "a hundredth, as GBp. Divide by 100, and write GBP or the like",
            )
        )
    if column.not_zero:
        rules.append((f"{value} = 0", "zero"))
    for bound, sign, word in ((column.min, "<", "below"), (column.max, ">", "above")):
        if bound is not None:
            edge = literal(bound) if isinstance(bound, str) else bound
            rules.append((f"{value} {sign} {edge}", f"{word} {bound}"))
    if column.data_type == "date" and not column.name.startswith("campaign_"):
        rules.append((f"{value} > cast({literal(as_of)} as timestamp)", IN_FUTURE))
    if column.name in table.clocks or (column.data_type == "date" and column.min is None):
        rules.append((f"{value} < timestamp '{EARLIEST}'", f"before {EARLIEST}"))
        rules.append((f"{value} > timestamp '{LATEST}'", f"after {LATEST}"))
    return rules


def later_than(table: Table, as_of: str) -> str:
    """SQL that is true for a row that was not yet known at as_of."""
    late = [f"{c} >= cast({literal(as_of)} as timestamp)" for c in table.clocks]
    return f"coalesce({' or '.join(late)}, false)" if late else "false"


def dated_in_future(table: Table, clock: datetime | None) -> str:
    """SQL that is true for a refusal dated after the real moment: it was made before, whatever its date says."""
    return f"({table.is_refusal} and {_after(table.clocks, clock)})"


def is_no_order_yet(table: Table, clock: datetime | None) -> str:
    """SQL that is true for an order placed after the real moment: to count it now would make it a purchase."""
    return _after(("ordered_at",), clock) if table.name == "orders" else "false"


def _after(names: Sequence[str], clock: datetime | None) -> str:
    """SQL that is true where one of these times is after the real moment."""
    if not (clock and names):
        return "false"
    real = f"timestamp {literal(clock.isoformat(sep=' '))}"
    return f"coalesce({' or '.join(f'{name} > {real}' for name in names)}, false)"
