"""Adapters of shops and payments: what comes out of each export, by hand and against reckonings in pandas."""

import random
from datetime import datetime

import duckdb
import pandas as pd
import pytest
from test_adapters import rows, take

from audiencekit.sql import rows_of


def sums(intake) -> tuple:
    """What orders add up to: rows, customers by login, customers by e-mail, revenue net of refunds, refunds."""
    query = f"""
        select
            count(*), count(distinct account_id), count(distinct email),
            round(sum(total) filter (where counts), 2), round(sum(total) filter (where counts and total < 0), 2)
        from (select *, status is null or status not in ('pending', 'cancelled') as counts from {rows_of(intake / "orders.parquet")})
    """
    return duckdb.execute(query).fetchall()[0]


# --- Retail transactions, one row per line ---


def test_an_invoice_is_an_order_and_a_credit_note_a_return(tmp_path):
    intake = take(tmp_path, "retail_lines")
    assert rows(intake, "orders", "order_id, ordered_at, total, account_id, country_code, status") == [
        ("536365", datetime(2010, 12, 1, 8, 26), 28.86, "17850", "United Kingdom", None),
        ("536370", datetime(2010, 12, 1, 8, 45), 144, "12583", "France", None),
        ("536544", datetime(2010, 12, 1, 14, 32), 13.95, None, "EIRE", None),
        ("537701", datetime(2010, 12, 14, 10, 5), 0, "12583", "France", None),
        ("C536379", datetime(2010, 12, 1, 9, 41), -27.5, "14527", "United Kingdom", "returned"),
        ("C536606", datetime(2010, 12, 2, 9, 10), -5.1, "17850", "United Kingdom", "returned"),
        ("C537610", datetime(2010, 12, 7, 13, 0), 50, None, "United Kingdom", "cancelled"),
    ]  # fmt: skip


def test_postage_and_discounts_are_no_products(tmp_path):
    intake = take(tmp_path, "retail_lines")
    assert rows(intake, "order_lines", "order_id, line_number, product_id, quantity, amount") == [
        ("536365", 1, "85123A", 6, 15.3),
        ("536365", 2, "71053", 2, 6.78),
        ("536365", 3, "71053", 2, 6.78),
        ("536370", 1, "22728", 24, 90),
        ("536544", 1, "71053", 1, 3.95),
        ("537701", 1, "22728", 1, 0),
        ("537702", 2, "71053", 1, 3.39),
        ("C536606", 1, "85123A", -2, -5.1),
    ]
    assert rows(intake, "products", "product_id, product_name") == [
        ("22728", "ALARM CLOCK"),
        ("71053", "METAL LANTERN"),
        ("85123A", "HEART HOLDER"),
    ]
    assert rows(intake, "quarantine", "table_name, row_number, reasons") == [
        ("order_lines", 17, "quantity: not a number (write 1234.50); amount: not a number (write 1234.50)"),
        ("orders", 17, "total: not a number (write 1234.50)"),
    ]  # fmt: skip


def test_the_second_layout_with_day_first_dates_and_a_decimal_comma(tmp_path):
    intake = take(
        tmp_path,
        retail_II__csv="Invoice;StockCode;Description;Quantity;InvoiceDate;Price;Customer ID;Country\n"
        "489434;85048;BALL LIGHTS;12;13.12.2009 07:45;6,95;13085;United Kingdom\n"
        "489435;22350;CAT BOWL;1.000;13.12.2009 07:46;1,25;13085;United Kingdom\n",
        landing__yml="files: {'*.csv': {decimal_comma: true}}",
    )
    assert rows(intake, "orders", "order_id, ordered_at, total, account_id") == [
        ("489434", datetime(2009, 12, 13, 7, 45), 83.4, "13085"),
        ("489435", datetime(2009, 12, 13, 7, 46), 1250, "13085"),
    ]


def test_returns_with_positive_quantities_are_returns(tmp_path):
    intake = take(
        tmp_path,
        sales__csv="InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
        "1001,A,3,2024-01-01 10:00,5,7.0\nC1002,A,1,2024-01-02 10:00,5,7.0\n",
    )
    assert rows(intake, "orders", "order_id, total, account_id, status") == [
        ("1001", 15, "7", None),
        ("C1002", -5, "7", "returned"),
    ]
    assert rows(intake, "order_lines", "order_id, quantity, amount") == [
        ("1001", 3, 15),
        ("C1002", -1, -5),
    ]


def retail_lines() -> pd.DataFrame:
    """Lines of 300 invoices: sales, guests, credit notes, fees, bad debt, stock that was counted anew, and a year twice."""
    dice = random.Random(1)
    lines = []
    for number in range(536000, 536300):
        kind = dice.choices(["sale", "return", "fee", "debt", "stock"], [80, 12, 2, 1, 5])[0]
        prefix = {"return": "C", "fee": "C", "debt": "A"}.get(kind, "")
        customer = "" if dice.random() < 0.2 or kind in ("fee", "debt", "stock") else str(dice.randint(12000, 12060))  # fmt: skip
        for _ in range(dice.randint(1, 8)):
            code = {"fee": "AMAZONFEE", "debt": "B"}.get(kind) or dice.choice(["22728", "71053", "85123A", "POST"])  # fmt: skip
            quantity = dice.randint(1, 30) * (-1 if kind in ("return", "fee", "stock") else 1)
            price = 0 if kind == "stock" else round(dice.uniform(0.1, 20), 2)
            date = f"{1 + number % 12}/{1 + number % 28}/2011 9:{number % 60:02}"
            lines.append((f"{prefix}{number}", code, f"{code} it", quantity, date, price, customer, "France"))  # fmt: skip
    names = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]  # fmt: skip
    made = pd.DataFrame(lines, columns=names)
    return pd.concat([made, made.iloc[400:600]])


def test_retail_lines_add_up_to_what_pandas_reckons(tmp_path):
    made = retail_lines()
    intake = take(tmp_path, retail__csv=made.to_csv(index=False))
    once = made[~made.index.duplicated()]
    counts = once[
        (once.CustomerID != "") | ((once.UnitPrice != 0) & ~once.StockCode.isin(["AMAZONFEE", "B"]))
    ]
    invoices = (counts.Quantity * counts.UnitPrice).groupby(counts.InvoiceNo).sum()
    customers = counts[counts.CustomerID != ""].CustomerID.nunique()
    revenue, refunds = round(invoices.sum(), 2), round(invoices[invoices < 0].sum(), 2)
    assert sums(intake) == (len(invoices), customers, 0, revenue, refunds)
    assert refunds < -1000 and rows(intake, "quarantine", "count(*)") == [(0,)]
    products = counts[counts.StockCode != "POST"]
    assert rows(intake, "order_lines", "count(*), sum(quantity)") == [
        (len(products), products.Quantity.sum())
    ]
