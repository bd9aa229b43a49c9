"""Amounts in several currencies: every currency but the reporting currency needs an exchange rate."""

from collections.abc import Collection, Iterable
from pathlib import Path

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.contract import Table
from audiencekit.sql import literal, rows_of

RATES = "exchange_rates"


def check_currencies(
    con: duckdb.DuckDBPyConnection,
    tables: Iterable[Table],
    intake: Path,
    currency: str,
    accept: Collection[str],
) -> None:
    """Raise UserError for amounts in a currency that cannot be converted into the reporting `currency`.

    `accept` names tables whose amounts count as they are.
    """
    for table in tables:
        names = {column.name for column in table.columns}
        if "currency" not in names or table.name in (RATES, *accept):
            continue
        rows = con.execute(
            f"select upper(currency) as code, count(*), any_value(total) "
            f"from (select currency, count(*) over () as total from {rows_of(intake / f'{table.name}.parquet')}) "
            f"where code <> {literal(currency)} and code not in "
            f"(select upper(currency) from {rows_of(intake / f'{RATES}.parquet')}) group by code order by 2 desc, 1"
        ).fetchall()
        if not rows:
            continue
        code, count, total = rows[0]
        more = f", and others in {', '.join(row[0] for row in rows[1:6])}" if len(rows) > 1 else ""
        whole = (
            f"pass --currency {code} if all figures are to be in {code}, or "
            if len(code) == 3 and code.isalpha()
            else ""
        )
        raise UserError(
            f"{table.name}: {count:,} of {total:,} rows are in {code}{more}, and figures are in {currency}. "
            f"Provide {RATES} (currency, valid_from, rate: {currency} for one unit); "
            f"{whole}pass --accept {table.name} to count amounts as they are."
        )
