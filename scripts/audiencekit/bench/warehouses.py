"""Compare two warehouses by their tables and row counts."""

from pathlib import Path

import duckdb


def differing_tables(one: Path, other: Path) -> list[str]:
    """Tables, as schema.table, that only one file has or whose row counts differ."""
    left, right = _rows(one), _rows(other)
    names = left.keys() | right.keys()
    return sorted(name for name in names if left.get(name) != right.get(name))


def _rows(path: Path) -> dict[str, int]:
    with duckdb.connect(str(path), read_only=True) as con:
        names = con.execute(
            "select schema_name, table_name from duckdb_tables() where not temporary"
        ).fetchall()
        return {
            f"{schema}.{table}": con.execute(
                f'select count(*) from "{schema}"."{table}"'
            ).fetchall()[0][0]
            for schema, table in names
        }
