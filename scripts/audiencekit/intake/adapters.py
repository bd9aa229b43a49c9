"""Adapters: how the exports of known systems become landing tables. adapters/README.md says how to add one.

An adapter is a folder of adapters/. Its adapter.yml names the system and its inputs, each with the columns by which a file
is recognised. Each of its SQL files is named after a landing table and selects the rows of that table from the inputs.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import yaml

from audiencekit.dbt_project import PROJECT
from audiencekit.errors import UserError
from audiencekit.intake.contract import Column, Table, load_contract
from audiencekit.intake.files import match_columns, plain_name

FOLDER = PROJECT / "adapters"
MACROS = FOLDER / "macros.sql"


@dataclass(frozen=True)
class Adapter:
    """One export of a system: its name, its inputs by name, by landing table the SQL that makes its rows, and their macros."""

    name: str
    system: str
    inputs: Mapping[str, Table]
    outputs: Mapping[str, str]
    macros: str = ""

    @property
    def main_table(self) -> str:
        """The landing table that messages and --accept name for the export: its orders, else its people."""
        first = [name for name in ("orders", "contacts", "accounts") if name in self.outputs]
        return next(iter([*first, *self.outputs]))

    @property
    def decides(self) -> bool:
        """Whether any of its landing tables may hold decisions of people."""
        contract = load_contract()
        return any(
            contract[name].refuses
            or any(c.is_decision and c.name in sql for c in contract[name].columns)
            for name, sql in self.outputs.items()
        )


@dataclass(frozen=True)
class Recognised:
    """An adapter and the input of it that a file is, with a column for each header of the file that begins as one does."""

    adapter: Adapter
    input: Table


@cache
def load_adapters(folder: Path = FOLDER) -> dict[str, Adapter]:
    """Every adapter by its name, which is that of its folder."""
    return {path.parent.name: _adapter(path) for path in sorted(folder.glob("*/adapter.yml"))}


def _adapter(path: Path) -> Adapter:
    raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    inputs = {name: _input(name, given) for name, given in raw["inputs"].items()}
    # Two tools that load the same tables of a system share the SQL of one of their adapters. Each may have files of its own.
    own = path.parent
    shared = own.with_name(raw.get("sql_of", own.name))
    files = {sql.stem: sql for folder in (shared, own) for sql in sorted(folder.glob("*.sql"))}
    queries = {name: sql.read_text(encoding="utf-8") for name, sql in files.items()}
    macros = queries.pop("macros", "")
    return Adapter(path.parent.name, raw["system"], inputs, queries, macros)


def _input(name: str, raw: Mapping) -> Table:
    """An input as a table of text columns: `required` is what a file is recognised by, `optional` may be missing, and
    `ignored` is known and changes nothing. `others` names a column that has all columns that are in none of these, but those that begin as
    `others_without` says."""
    columns = [
        _column([given] if isinstance(given, str) else given, kind == "required")
        for kind in ("required", "optional", "ignored")
        for given in raw.get(kind, ())
    ]
    if others := raw.get("others"):
        without = tuple(map(plain_name, raw.get("others_without", ())))
        columns.append(Column(others, "string", "", takes_others=True, others_without=without))
    return Table(name, raw.get("description", ""), tuple(columns), (), "")


def _column(headers: list[str], required: bool) -> Column:
    """A column by its headers. One that ends in * is how headers begin."""
    aliases = tuple(header for header in headers if not header.endswith("*"))
    begins = tuple(header[:-1] for header in headers if header.endswith("*"))
    return Column(sql_name(headers[0]), "string", "", required, aliases=aliases, begins=begins)


def sql_name(name: str) -> str:
    """The name of a column in SQL, from the header as the system writes it: Paid at is paid_at."""
    divided = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[\W_]+", "_", divided).strip("_").lower()


def recognise(
    name: str, header: list[str], adapters: Iterable[Adapter], has_table: bool
) -> Recognised | None:
    """The adapter and input whose required columns a header has; of several the one that knows most of its columns.

    `has_table` says that the file is named after a landing table. Raises UserError where two know equally many.
    """
    found: list[tuple[int, int, Recognised]] = []
    plain = set(map(plain_name, header))
    for adapter in adapters:
        for table in adapter.inputs.values():
            required = [column for column in table.columns if column.required]
            if all(plain & set(map(plain_name, (c.name, *c.aliases))) for c in required):
                positions = match_columns(header, table, name, repeated=True)
                whole = _with_parts(table, header, set(positions.values()))
                found.append((len(positions), len(required), Recognised(adapter, whole)))
    if not found:
        return None
    best = max(score[:2] for score in found)
    first, *others = [each for *score, each in found if tuple(score) == best]
    if others and not has_table:
        raise UserError(
            f"{name}: its columns are those of {first.adapter.name} and of {others[0].adapter.name}. Name the adapter in "
            "landing.yml."
        )
    return None if others else first


def _with_parts(table: Table, header: list[str], used: set[int]) -> Table:
    """The table with a column for each header that begins as one of its columns says, and is no other column."""
    parts = [
        Column(f"{column.name}_{place}", "string", "", aliases=(name,), part_of=column.name)
        for column in table.columns
        for place, name in enumerate(header)
        if place not in used and plain_name(name).startswith(tuple(map(plain_name, column.begins)))
    ]
    return replace(table, columns=(*table.columns, *parts))
