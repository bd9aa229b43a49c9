"""What tests read of a published generation's files of rows by key."""

from pathlib import Path

import duckdb

from audiencekit.live.as_built import Segments, read_as_built
from audiencekit.publish.keyed_rows import KeyedRows, write_keyed_rows
from audiencekit.publish.live_facts import CUSTOMERS_FILE, KEYED_FILES, KEYS_FILE, LOGINS_FILE


def logins_of(generation: Path) -> list[tuple[str, str]]:
    """The logins that a generation knows, each with its customer, in order."""
    rows = KeyedRows(generation / LOGINS_FILE).all().to_pydict()
    return list(zip(rows["account_id"], rows["customer_key"], strict=True))


def segments_of_build(generation: Path) -> dict[str, Segments]:
    """The segments of each customer as the build published them."""
    return read_as_built(generation).segments


def without_customer(generation: Path, customer: str) -> None:
    """Let a generation not know a customer."""
    with duckdb.connect() as con:
        for name in (KEYS_FILE, CUSTOMERS_FILE, LOGINS_FILE):
            con.register("rows_of_file", KeyedRows(generation / name).all())
            query = f"from rows_of_file where customer_key <> '{customer}'"
            write_keyed_rows(con, query, generation / "new.arrow")
            (generation / "new.arrow").replace(generation / name)


def text_of_files(generation: Path) -> dict[str, str]:
    """All rows of each file as text."""
    files = {path.name: KeyedRows(path) for path in generation.glob("*.arrow")}
    assert files.keys() == set(KEYED_FILES)
    return {name: str(file.all().to_pylist()) for name, file in files.items()}
