"""The landing contract, read from models/staging/_landing.yml: the same file dbt reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from audiencekit.dbt_project import PROJECT
from audiencekit.sql import literal

CONTRACT_FILE = PROJECT / "models" / "staging" / "_landing.yml"


@dataclass(frozen=True)
class Column:
    """One column of a landing table and the rules for its values.

    In the input of an adapter, `begins` are beginnings of headers: every column with one of them is `part_of` this one.
    A column that `takes_others` has, as a JSON object, all columns that the input does not name, but those whose headers
    begin as `others_without` says.
    """

    name: str
    data_type: str
    description: str
    required: bool = False
    one_of: tuple[str, ...] = ()
    min: float | str | None = None
    max: float | str | None = None
    not_zero: bool = False
    is_decision: bool = False
    is_money: bool = False
    aliases: tuple[str, ...] = ()
    pii: bool = False
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    begins: tuple[str, ...] = ()
    part_of: str | None = None
    takes_others: bool = False
    others_without: tuple[str, ...] = ()

    @property
    def is_identifier(self) -> bool:
        """Whether values identify something, so that joins and keys depend on them."""
        return self.name.endswith(("_id", "id_value")) or self.name == "card_number"


@dataclass(frozen=True)
class Table:
    """One landing table. `key` identifies a row; of several rows with one key, the latest by `latest_by` is used.

    `refuses` is SQL for the rows that are a person's refusal, or a request of theirs.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    unlocks: str
    required: bool = False
    may_be_empty: bool = False
    append_only: bool = False
    latest_by: str | None = None
    event_at: str | None = None
    refuses: str | None = None

    @property
    def clocks(self) -> tuple[str, ...]:
        """Columns that say when a row became known. If one is at as_of or later, the row is held back."""
        return tuple(dict.fromkeys(c for c in (self.event_at, self.latest_by) if c))

    @property
    def is_refusal(self) -> str:
        """SQL that is true for a typed row that states a refusal, or a request, of a person."""
        stated = [self.refuses] if self.refuses else []
        stated += [_refused(column) for column in self.columns if column.is_decision]
        return (
            f"coalesce({' or '.join(f'({each})' for each in stated)}, false)" if stated else "false"
        )


def _refused(column: Column) -> str:
    """SQL that is true where the value of a column of decisions is a refusal."""
    if column.one_of:
        return f"{column.name} = {literal(column.one_of[0])}"
    if column.data_type != "boolean":
        return f"{column.name} is not null"
    return column.name if column.name.endswith("opt_out") else f"not {column.name}"


def _column(raw: dict) -> Column:
    meta = dict(raw.get("config", {}).get("meta", {}))
    for name in ("one_of", "aliases", "left_out"):
        meta[name] = tuple(meta.get(name, ()))
    meta["values"] = {value: tuple(names) for value, names in meta.get("values", {}).items()}
    return Column(raw["name"], raw["data_type"], raw["description"], **meta)


def _table(raw: dict) -> Table:
    meta = dict(raw["config"]["meta"])
    meta["key"] = tuple(meta["key"])
    columns = tuple(_column(c) for c in raw["columns"])
    return Table(raw["name"], raw["description"], columns, **meta)


@cache
def load_contract(path: Path = CONTRACT_FILE) -> dict[str, Table]:
    """Every landing table by name, in the order of the file."""
    source = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)["sources"][0]
    return {raw["name"]: _table(raw) for raw in source["tables"]}
