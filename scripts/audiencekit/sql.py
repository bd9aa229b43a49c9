"""How values and files are written in SQL."""

from pathlib import Path


def literal(text: str) -> str:
    """`text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def rows_of(path: Path) -> str:
    """SQL for the rows of a Parquet file. `a=b` in its path is not read as a partition column."""
    return f"read_parquet({literal(str(path))}, hive_partitioning = false)"
