"""Amounts in several currencies: every currency but the reporting currency needs an exchange rate of its time."""

from collections.abc import Collection, Iterable
from functools import partial
from pathlib import Path

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.contract import Table
from audiencekit.intake.files import LandingFile, known
from audiencekit.sql import literal, rows_of

RATES = "exchange_rates"

# Rates of a currency against itself that were calculated, such as 1 / (1 / 1.08), may differ from 1 in the last digits.
ROUNDING = 1e-6


def has_other_currencies(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    files: Iterable[tuple[LandingFile, Path]],
    currency: str,
) -> bool:
    """Whether a table has amounts in another currency than `currency`. Each of its `files` comes with its rows that count."""
    if table.name == RATES or all(column.name != "currency" for column in table.columns):
        return False

    def has_others(rows: Path) -> bool:
        query = (
            f"select 1 from {rows_of(rows)} where upper(currency) <> {literal(currency)} limit 1"
        )
        return bool(con.execute(query).fetchall())

    return any(
        known(file, f"currencies but {currency}", partial(has_others, rows)) for file, rows in files
    )


def check_currencies(
    con: duckdb.DuckDBPyConnection,
    tables: Iterable[Table],
    intake: Path,
    currency: str,
    accept: Collection[str],
) -> None:
    """Raise UserError for amounts of `tables` in a currency that cannot be converted into the reporting `currency`.

    `accept` names tables whose amounts count nevertheless: as they are, or at the first rate of their currency.
    """
    _check_base(con, intake, currency)
    for table in tables:
        if table.name not in accept:
            _check_missing(con, table, intake, currency)
            _check_early(con, table, intake, currency)


def _check_base(con: duckdb.DuckDBPyConnection, intake: Path, currency: str) -> None:
    """Raise UserError where the reporting currency has a rate other than 1, as in a table against another currency."""
    rows = con.execute(
        f"select upper(currency) as code, rate from {rows_of(intake / f'{RATES}.parquet')} "
        f"qualify row_number() over (partition by code, valid_from order by updated_at desc nulls last, rate desc) = 1 "
        f"order by valid_from desc"
    ).fetchall()
    others = [rate for code, rate in rows if code == currency and abs(rate - 1) > ROUNDING]
    if others:
        codes = {code for code, _ in rows}
        bases = sorted(codes - {code for code, rate in rows if rate != 1})
        base = f" ({bases[0]}, whose rate is 1)" if len(bases) == 1 else ""
        raise UserError(
            f"{RATES}: {currency} has the rate {others[0]:g}, and figures are in {currency}, whose own rate can only be "
            f"1: the rates are of another base{base}. "
            f"Provide for each currency how much {currency} one unit of it is worth."
        )


def _check_missing(
    con: duckdb.DuckDBPyConnection, table: Table, intake: Path, currency: str
) -> None:
    """Raise UserError for rows in a currency without a rate."""
    rows = con.execute(
        f"select upper(currency) as code, count(*), any_value(total) "
        f"from (select currency, count(*) over () as total from {rows_of(intake / f'{table.name}.parquet')}) "
        f"where code <> {literal(currency)} and code not in "
        f"(select upper(currency) from {rows_of(intake / f'{RATES}.parquet')}) group by code order by 2 desc, 1"
    ).fetchall()
    if not rows:
        return
    code, count, total = rows[0]
    whole = (
        f"write currency: {code} in landing.yml or pass --currency {code} if all figures are to be in {code}, or "
        if len(code) == 3 and code.isalpha()
        else ""
    )
    raise UserError(
        f"{table.name}: {count:,} of {total:,} rows are in {code}{_others(rows)}, and figures are in {currency}. "
        f"Provide {RATES} (currency, valid_from, rate: {currency} for one unit); "
        f"{whole}pass --accept {table.name} to count amounts as they are."
    )


def _check_early(con: duckdb.DuckDBPyConnection, table: Table, intake: Path, currency: str) -> None:
    """Raise UserError for rows of a day before the first rate of their currency.

    Rows of a table without a time of its own are of the time of their order.
    """
    source = rows_of(intake / f"{table.name}.parquet")
    moment = table.event_at
    if moment is None:
        moment = "ordered_at"
        orders = f"select order_id, max(ordered_at) as ordered_at from {rows_of(intake / 'orders.parquet')} group by 1"
        source = f"(from {source} join ({orders}) using (order_id))"
    rows = con.execute(
        f"select code, count(*), cast(first_day as date) from "
        f"(select upper(currency) as code, {moment} as moment from {source}) join "
        f"(select upper(currency) as code, date_trunc('day', min(valid_from)) as first_day "
        f"from {rows_of(intake / f'{RATES}.parquet')} group by 1) using (code) "
        f"where code <> {literal(currency)} and moment < first_day group by 1, 3 order by 2 desc, 1"
    ).fetchall()
    if rows:
        code, count, first = rows[0]
        raise UserError(
            f"{table.name}: {count:,} rows in {code} are from before {first}, the day of the first rate of {code}"
            f"{_others(rows)}. Provide earlier rows of {RATES}; or pass --accept {table.name} to convert them at the "
            f"first rate."
        )


def _others(rows: list[tuple]) -> str:
    return f", and others in {', '.join(row[0] for row in rows[1:6])}" if len(rows) > 1 else ""
