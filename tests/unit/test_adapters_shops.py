"""Adapters of shops and payments: what comes out of each export, by hand and against reckonings in pandas."""

import random
from datetime import datetime

import duckdb
import pandas as pd
import pytest
from test_adapters import rows, take

from audiencekit.intake.adapters import FOLDER
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


# --- WooCommerce ---


def test_woocommerce_analytics_orders_belong_to_customers_whose_name_is_one_of_a_kind(tmp_path):
    intake = take(tmp_path, "woocommerce_analytics")
    assert rows(intake, "orders", "order_id, ordered_at, total, email, status, original_order_id") == [
        ("1001", datetime(2024, 3, 1, 9), 1233, "Ada@example.com", "completed", None),
        ("1002", datetime(2024, 3, 2, 10), 50, "bo@example.com", "completed", None),
        ("1002 refund 2024-03-05 11:00:00", datetime(2024, 3, 5, 11), -20, "bo@example.com", "returned", "1002"),
        ("1003", datetime(2024, 3, 3, 10), 10, "cy@example.com", "completed", None),
        ("1003 refund", datetime(2024, 3, 3, 10), -10, "cy@example.com", "returned", "1003"),
        ("1004", datetime(2024, 3, 4, 10), 10, "dee@example.com", "pending", None),
        ("1005", datetime(2024, 3, 5, 10), 12, "Ada@example.com", "paid", None),
        ("1006", datetime(2024, 3, 6, 10), 12, None, "cancelled", None),
        ("1007", datetime(2024, 3, 7, 10), 12, None, "completed", None),
    ]  # fmt: skip
    contacts = rows(
        intake, "contacts", "contact_id, first_name, last_name, postal_code, country_code"
    )
    assert contacts[0] == ("ada@example.com", "Ada", "Lovett", "02138", "US") and len(contacts) == 6
    assert rows(intake, "quarantine", "file_name, row_number") == [("wc-orders-report-export.csv", 10)]  # fmt: skip


def test_a_customers_report_that_lacks_a_customer_of_the_orders_links_none(tmp_path):
    folder = FOLDER / "woocommerce_analytics" / "fixture"
    orders = (folder / "wc-orders-report-export.csv").read_text()
    customers = (folder / "wc-customers-report-export.csv").read_text()
    intake = take(tmp_path, orders__csv=orders, customers__csv=customers.replace("Bo Day", "B. Day"))  # fmt: skip
    assert rows(intake, "orders", "distinct email") == [(None,)]


def test_woocommerce_customers_need_no_orders_of_the_analytics(tmp_path):
    folder = FOLDER / "woocommerce_analytics" / "fixture"
    customers = (folder / "wc-customers-report-export.csv").read_text()
    intake = take(tmp_path, customers__csv=customers, orders__csv="order_id,ordered_at,total\n1,2024-01-01,5\n")  # fmt: skip
    assert rows(intake, "orders", "order_id") == [("1",)]
    assert rows(intake, "contacts", "count(*)") == [(6,)]


@pytest.mark.parametrize(
    ("shown", "net", "total"),
    [
        ("1.234,50 €", "1000", 1234.5),
        ("Rs.1,23,456.00", "100000", 123456),
        ("¥1,234", "1234", 1234),
        ("1 234,50 zł", "1000", 1234.5),
        ("12.500 KWD", "12.5", 12.5),
        ("CHF 1'234.50", "1000", 1234.5),
        ("", "9.5", 9.5),
    ],
)
def test_woocommerce_totals_are_read_as_the_shop_writes_them(tmp_path, shown, net, total):
    header = "Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Net Sales\n"  # fmt: skip
    line = f'2024-01-01 10:00:00,1,"{shown}",completed,Ada Lovett,new,1x Cup,1,{net}\n'
    intake = take(tmp_path, report__csv=header + line)
    assert rows(intake, "orders", "total") == [(total,)]


def test_advanced_order_export_comes_with_its_refunds(tmp_path):
    intake = take(tmp_path, "woocommerce_advanced_export")
    assert rows(intake, "orders", "order_id, ordered_at, total, account_id, status, original_order_id") == [
        ("1001", datetime(2024, 3, 1, 9), 33, "7", "completed", None),
        ("1002", datetime(2024, 3, 2, 10), 50, None, "completed", None),
        ("1002 refund", datetime(2024, 3, 2, 10), -20, None, "returned", "1002"),
        ("1003", datetime(2024, 3, 3, 10), 10, None, "completed", None),
        ("1003 refund", datetime(2024, 3, 3, 10), -10, None, "returned", "1003"),
        ("1004", datetime(2024, 3, 4, 10), 10, "8", "pending", None),
        ("1005", datetime(2024, 3, 5, 10), 10, "7", "paid", None),
        ("1006", datetime(2024, 3, 6, 10), 10, None, "cancelled", None),
    ]  # fmt: skip
    lines = rows(intake, "order_lines", "order_id, line_number, product_id, quantity, amount")
    assert lines[:3] == [("1001", 1, "TEA-1", 1, 10), ("1001", 2, "CUP-1", 2, 20), ("1002", 1, "TEA-1", 3, 30)]  # fmt: skip
    assert len(lines) == 7 and "1003" not in [line[0] for line in lines]
    assert rows(intake, "contacts", "contact_id, first_name, street, postal_code")[0] == (
        *("ada@example.com", "Ada"),
        *("1 High St", "02138"),
    )
    assert rows(intake, "quarantine", "row_number, reasons") == [
        (9, "total: not a number (write 1234.50)")
    ]


def woocommerce_orders(dice: random.Random) -> pd.DataFrame:
    """250 orders of the Advanced Order Export in every status, some refunded in part or in full, of 1 to 3 lines each."""
    lines = []
    for number in range(1, 251):
        status = dice.choice(["Completed"] * 6 + ["Processing", "Refunded", "On hold", "Pending payment", "Failed", "Cancelled"])  # fmt: skip
        total = round(dice.uniform(5, 300), 2)
        refund = total if status == "Refunded" else round(total / 4, 2) if dice.random() < 0.2 else 0  # fmt: skip
        for item in range(dice.randint(1, 3)):
            lines.append((number, status, f"2024-03-{1 + number % 28:02} 10:00", f"p{dice.randint(1, 60) if item == 0 else 0}@example.com", total, refund, f"S{item}", 1, 5))  # fmt: skip
    names = ["Order Number", "Order Status", "Order Date", "Email (Billing)", "Order Total Amount", "Order Refund Amount", "SKU", "Quantity", "Item Cost"]  # fmt: skip
    made = pd.DataFrame(lines, columns=names)
    made["Email (Billing)"] = made.groupby("Order Number")["Email (Billing)"].transform("first")
    return made


def test_advanced_order_export_adds_up_to_what_pandas_reckons(tmp_path):
    made = woocommerce_orders(random.Random(2))
    intake = take(tmp_path, orders_export__csv=made.to_csv(index=False))
    orders = made.drop_duplicates("Order Number").rename(columns=lambda name: name.replace(" ", ""))
    bought = orders[orders.OrderStatus.isin(["Completed", "Processing", "Refunded"])]
    refunds = round(-bought.OrderRefundAmount.sum(), 2)
    revenue = round(bought.OrderTotalAmount.sum() + refunds, 2)
    count = len(orders) + (bought.OrderRefundAmount > 0).sum()
    customers = made["Email (Billing)"].nunique()
    assert sums(intake) == (count, 0, customers, revenue, refunds)
    assert rows(intake, "order_lines", "count(*)") == [(len(made),)]
