"""How values and files are written in SQL."""

import re
from collections.abc import Iterable
from pathlib import Path


def literal(text: str) -> str:
    """`text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def is_one_of(value: str, texts: Iterable[str]) -> str:
    """SQL that is true where `value` is one of `texts`, and null where it is null.

    DuckDB would turn `in` with many texts into a join, after which rows have another order.
    """
    return f"list_contains([{', '.join(map(literal, texts))}], {value})"


def file_to_read(path: Path) -> str:
    """A path as DuckDB's readers take it: brackets, stars and question marks in it are no patterns."""
    return re.sub(r"([\[*?])", r"[\1]", str(path))


def rows_of(*paths: Path) -> str:
    """SQL for the rows of Parquet files, or of folders of them. `a=b` in a path is not read as a partition column."""
    files = ", ".join(
        literal(f"{file_to_read(path)}/*.parquet" if path.is_dir() else file_to_read(path))
        for path in paths
    )
    return f"read_parquet([{files}], hive_partitioning = false)"
