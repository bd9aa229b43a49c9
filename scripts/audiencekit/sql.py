"""How values and files are written in SQL."""

import re
from pathlib import Path


def literal(text: str) -> str:
    """`text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def file_to_read(path: Path) -> str:
    """A path as DuckDB's readers take it: brackets, stars and question marks in it are no patterns."""
    return re.sub(r"([\[*?])", r"[\1]", str(path))


def rows_of(*paths: Path) -> str:
    """SQL for the rows of Parquet files. `a=b` in a path is not read as a partition column."""
    files = ", ".join(literal(file_to_read(path)) for path in paths)
    return f"read_parquet([{files}], hive_partitioning = false)"
