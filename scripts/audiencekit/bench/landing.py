"""A synthetic landing of any size, made by DuckDB SQL and hashes, so that it is the same on every machine.

Ratios, per customer: 10 purchases, 1.5 lines each, 48 web events in 6 sessions, 1.1 contacts,
4 e-mail events, 3 consent events, 2 campaign touches; half of them are in an experiment. The statements are in `synthetic/`.
"""

import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import phonenumbers

from audiencekit.sql import literal

VERSION = 7  # raise it when a statement changes, so that old landings are made again
AS_OF = datetime(2026, 1, 1)
PRODUCTS = 20_000
STATEMENTS = Path(__file__).parent / "synthetic"
HELPER_TABLES = ("phone_numbers", "people", "order_facts", "sessions")
TABLES = (
    "orders",
    "order_lines",
    "products",
    "contacts",
    "accounts",
    "web_events",
    "service_contacts",
    "email_events",
    "campaign_touches",
    "campaign_costs",
    "exchange_rates",
    "consent_events",
    "match_results",
    "static_lists",
    "identity_decisions",
    "erasure_requests",
    "experiment_arms",
    "experiment_units",
    "experiment_outcomes",
)
README = """\
A synthetic landing folder, made by `audiencekit bench`. No row is about a real person: names are
drawn from short lists, e-mail addresses are at example.com, phone numbers in ranges reserved for fiction.
"""


def ensure_synthetic_landing(folder: Path, customers: int, seed: int = 1) -> Path:
    """The landing under `folder` for this size, seed and version, made if it is not there yet."""
    name = f"landing-{customers}-{seed}-v{VERSION}-duckdb{duckdb.__version__}"
    landing = folder / name
    if not landing.exists():
        half_written = folder / f".{name}"
        shutil.rmtree(half_written, ignore_errors=True)
        write_synthetic_landing(half_written, customers, seed)
        half_written.rename(landing)
    return landing


def write_synthetic_landing(folder: Path, customers: int, seed: int = 1) -> None:
    """Write every table of the landing contract as Parquet into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.txt").write_text(README)
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    for name, value in {
        "customers": customers,
        "seed": seed,
        "products": PRODUCTS,
        "as_of": AS_OF,
        "us_areas": _us_areas(),
    }.items():
        con.execute(f"set variable {name} = $value", {"value": value})
    con.execute(_statement("_macros"))
    for table in HELPER_TABLES:
        con.execute(f"create table {table} as {_statement(table)}")
    for table in TABLES:
        path = literal(str(folder / f"{table}.parquet"))
        con.execute(f"copy ({_statement(table)}) to {path} (format parquet, compression zstd)")
    con.close()


def _statement(name: str) -> str:
    return (STATEMENTS / f"{name}.sql").read_text()


def _us_areas() -> list[str]:
    """Area codes whose 555-0100 is a valid number of the United States for libphonenumber."""
    numbers = {area: phonenumbers.parse(f"+1{area}5550100") for area in range(200, 990)}
    return [
        str(area)
        for area, number in numbers.items()
        if phonenumbers.region_code_for_number(number) == "US"
    ]
