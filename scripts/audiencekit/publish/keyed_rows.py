"""Rows by key in a file that is mapped into memory: the rows of a few keys among millions are there at once.

It is an Arrow file, sorted by its first column: a key is found by halving, and the operating system keeps in memory what is
read often.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

# How many rows are in a batch. The fewer batches, the faster many rows are found; and texts of one column in it have 2 GB at most.
_ROWS = 32_768
# So many rows of a batch, or fewer, are faster cut out one by one than taken together.
_FEW = 4
# How many keys are read at a time.
_TOGETHER = 1_000
# A struct has at least one column: this one where only the key of rows matters.
PLACEHOLDER = "is_there"


def write_keyed_rows(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write the result of a query, sorted by its first column, a text that names each row."""
    rows = con.execute(f"from ({query}) order by 1").to_arrow_reader(_ROWS)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
        for batch in rows:
            if batch.column(0).null_count:
                raise ValueError(f"{path.name}: a row has no key")
            writer.write_batch(batch)


class KeyedRows:
    """The rows of a file. `schema` has its columns."""

    def __init__(self, path: Path):
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        self.schema: pa.Schema = reader.schema
        self._batches = [reader.get_batch(n) for n in range(reader.num_record_batches)]
        self._first = [batch.column(0)[0].as_py() for batch in self._batches]

    def rows(self, keys: Iterable[str]) -> pa.Table:
        """The rows of these keys, in the order of the keys. A key that is not in the file has none."""
        places: dict[int, list[int]] = {}
        for key in sorted(keys):
            if found := self._find(key):
                places.setdefault(found[0], []).append(found[1])
        parts: list[pa.RecordBatch] = []
        for number, of in places.items():
            batch = self._batches[number]
            few = [batch.slice(place, 1) for place in of] if len(of) <= _FEW else None
            parts += few or [batch.take(pa.array(of))]
        return pa.Table.from_batches(parts, self.schema).combine_chunks()

    def row(self, key: str) -> dict[str, Any] | None:
        """The columns of a key; None if the file does not have it."""
        found = self._find(key)
        return self._batches[found[0]].slice(found[1], 1).to_pylist()[0] if found else None

    def _find(self, key: str) -> tuple[int, int] | None:
        """Where the row of a key is: the batch, and the place in it."""
        number = bisect_right(self._first, key) - 1
        if number < 0:
            return None
        keys = self._batches[number].column(0)
        place = bisect_left(range(len(keys)), key, key=lambda each: keys[each].as_py())
        is_there = place < len(keys) and keys[place].as_py() == key
        return (number, place) if is_there else None

    def keys(self) -> Iterator[str]:
        """All keys, in their order. They are read in parts, so that no other thread waits for all of them."""
        for batch in self._batches:
            keys = batch.column(0)
            for start in range(0, len(keys), _TOGETHER):
                yield from keys.slice(start, _TOGETHER).to_pylist()

    def all(self) -> pa.Table:
        """All rows, in the order of their keys."""
        return pa.Table.from_batches(self._batches, self.schema)


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
