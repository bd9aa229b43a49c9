"""How values and files are written in SQL."""

import re
from pathlib import Path


def literal(text: str) -> str:
    """`text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def file_to_read(path: Path) -> str:
    """A path as DuckDB's readers take it: brackets, stars and question marks in it are no patterns."""
    return re.sub(r"([\[*?])", r"[\1]", str(path))


def rows_of(path: Path) -> str:
    """SQL for the rows of a Parquet file. `a=b` in its path is not read as a partition column."""
    return f"read_parquet({literal(file_to_read(path))}, hive_partitioning = false)"
