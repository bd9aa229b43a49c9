"""Rows by key in a file that is mapped into memory: the rows of a few keys among millions are there at once.

It is an Arrow file, sorted by its first column, in batches of a few rows: the first keys of the batches say where a row is,
and the operating system keeps in memory what is read often.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

# A batch has a description of its own, so it should not be too small; and a key has to be found in it.
_ROWS = 64
# How many batches are kept open.
_OPEN = 2_000
# A struct has at least one column: this one where only the key of rows matters.
PLACEHOLDER = "is_there"


def write_keyed_rows(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write the result of a query, sorted by its first column, a text that names each row."""
    rows = con.execute(f"from ({query}) order by 1").to_arrow_reader(_ROWS * 32)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
        for batch in rows:
            if batch.column(0).null_count:
                raise ValueError(f"{path.name}: a row has no key")
            for start in range(0, len(batch), _ROWS):
                writer.write_batch(batch.slice(start, _ROWS))


class KeyedRows:
    """The rows of a file. `schema` has its columns."""

    def __init__(self, path: Path):
        file = pa.memory_map(str(path))
        self._reader = pa.ipc.open_file(file)
        self.schema: pa.Schema = self._reader.schema
        only_keys = pa.ipc.IpcReadOptions(included_fields=[0])
        self._keys = pa.ipc.open_file(file, options=only_keys)
        number = self._keys.num_record_batches
        self._first = [self._keys.get_batch(n).column(0)[0].as_py() for n in range(number)]
        # Without a reference to itself: the file is closed as soon as nobody reads it.
        self._open = lru_cache(_OPEN)(partial(_read, self._reader))

    def rows(self, keys: Iterable[str]) -> pa.Table:
        """The rows of these keys, in the order of the keys. A key that is not in the file has none."""
        found = [row for key in sorted(keys) if (row := self._find(key))]
        return pa.Table.from_batches(found, self.schema).combine_chunks()

    def row(self, key: str) -> dict[str, Any] | None:
        """The columns of a key; None if the file does not have it."""
        found = self._find(key)
        return found.to_pylist()[0] if found else None

    def _find(self, key: str) -> pa.RecordBatch | None:
        number = bisect_right(self._first, key) - 1
        if number < 0:
            return None
        keys, batch = self._open(number)
        place = bisect_left(keys, key)
        return batch.slice(place, 1) if keys[place : place + 1] == [key] else None

    def keys(self) -> Iterator[str]:
        """All keys, in their order. They are read batch by batch, so that no other thread waits for all of them."""
        for number in range(self._keys.num_record_batches):
            yield from self._keys.get_batch(number).column(0).to_pylist()

    def all(self) -> pa.Table:
        """All rows, in the order of their keys."""
        return self._reader.read_all()


def _read(reader: pa.RecordBatchFileReader, number: int) -> tuple[list[str], pa.RecordBatch]:
    """The keys of a batch, and the batch."""
    batch = reader.get_batch(number)
    return batch.column(0).to_pylist(), batch


def as_lists(columns: Iterable[str], rows: str, key: str) -> str:
    """SQL for one row per key, with a list of structs of these columns of `rows`, as list_of_rows."""
    each = ", ".join(f"{name} := {name}" for name in columns) or f"{PLACEHOLDER} := true"
    return (
        f"select {key} as key, list(struct_pack({each})) as list_of_rows from ({rows}) group by all"
    )


def rows_of_lists(table: pa.Table, lists: str, key: str) -> pa.Table:
    """The rows that are in a column of lists of rows, each with the key of its list, which is the table's first column, as `key`."""
    column = table.column(lists).combine_chunks()
    rows = pa.Table.from_struct_array(column.flatten())
    if PLACEHOLDER in rows.column_names:
        rows = rows.drop_columns([PLACEHOLDER])
    keys = table.column(0).take(pc.list_parent_indices(column))
    return rows.add_column(0, key, keys)
