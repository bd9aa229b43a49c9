"""Calls as rows of landing tables: with the SQL of the adapters and the checks of intake, as a run has them.

A run reads files. Between two runs the same SQL reads tables in memory.
"""

import json
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from audiencekit.intake.adapted import FILE_NAME, MISSING, whole_columns
from audiencekit.intake.adapters import MACROS, Adapter, load_adapters
from audiencekit.intake.contract import Table, load_contract
from audiencekit.intake.files import ROW_NUMBER, LandingFile
from audiencekit.intake.landing_settings import NO_SETTINGS, FileSettings
from audiencekit.intake.moments import Moments
from audiencekit.intake.rows import checked_rows
from audiencekit.intake.sources import with_source
from audiencekit.live.adapted import INPUTS
from audiencekit.live.calls import Row
from audiencekit.sql import rows_of

EVENTS, ACCOUNTS, CONSENT = "web_events", "accounts", "consent_events"
# Events whose time has not come wait in the evaluator, so none is held back here.
_ALWAYS = datetime(9999, 1, 1)
# Where the SQL of intake has the file that an adapter made.
_MADE = Path("made.parquet")


@dataclass(frozen=True)
class Arrived:
    """Rows of the landing tables: web events, what logins state of themselves, and what people decide."""

    events: pa.Table
    accounts: pa.Table
    consent: pa.Table = field(default_factory=lambda: pa.table({}))


class Landing:
    """The calls of a moment as rows of landing tables. Used by one thread.

    `refused` counts rows that break the contract: a run has them in quarantine.
    """

    def __init__(self, settings: FileSettings = NO_SETTINGS) -> None:
        """`settings` are what landing.yml says of the log."""
        self._con = duckdb.connect(":memory:", config={"threads": 1})
        self._con.execute("set TimeZone = 'UTC'")
        names = dict.fromkeys(adapter for adapter, _ in INPUTS.values())
        self._adapters = [load_adapters()[name] for name in names]
        macros = "\n".join(adapter.macros for adapter in self._adapters)
        self._con.execute(MACROS.read_text(encoding="utf-8") + macros)
        self.refused = 0
        self._checked: dict[str, str] = {}
        self._none: dict[str, pa.Table] = {}
        for table in (EVENTS, ACCOUNTS, CONSENT):
            contract = load_contract()[table]
            columns = ", ".join(f"{column.name} varchar" for column in contract.columns)
            self._con.execute(f"create table made_{table} ({ROW_NUMBER} bigint, {columns})")
            self._checked[table] = _checked(contract, settings)
            self._none[table] = self._kept(table)

    def rows(self, calls: Iterable[Row]) -> Arrived:
        """What the calls state, in the columns of the landing tables, with times in UTC."""
        by_input: dict[str, list[dict]] = {}
        for call in calls:
            if call.table in INPUTS:
                by_input.setdefault(INPUTS[call.table][1], []).append(call.columns)
        made: set[str] = set()
        for adapter in self._adapters:
            if by_input.keys() & adapter.inputs.keys():
                made |= self._make(adapter, by_input, made)
        found = {
            name: self._kept(name) if name in made else self._none[name] for name in self._none
        }
        return Arrived(found[EVENTS], found[ACCOUNTS], found[CONSENT])

    def _make(self, adapter: Adapter, rows: dict[str, list[dict]], made: Set[str]) -> set[str]:
        """Let an adapter make its landing tables. Returns their names; those that are `made` get more rows."""
        for name, table in adapter.inputs.items():
            self._con.register(name, _texts(table, rows.get(name, ())))
        names = adapter.outputs.keys() & self._none.keys()
        for name in names:
            if name not in made:
                self._con.execute(f"truncate made_{name}")
            self._con.execute(f"insert into made_{name} by name {adapter.outputs[name]}")
        return names

    def _kept(self, table: str) -> pa.Table:
        checked = self._con.execute(self._checked[table]).to_arrow_table()
        kept = checked.filter(pc.is_null(checked.column("verdict")))
        self.refused += len(checked) - len(kept)
        return kept.drop_columns(["verdict"])


def _checked(contract: Table, settings: FileSettings) -> str:
    """The SQL of intake for the rows that the adapters made: the columns of the contract, and why a row is refused."""
    names = (ROW_NUMBER, *(column.name for column in contract.columns))
    positions = {name: place for place, name in enumerate(names) if name != ROW_NUMBER}
    types = ("BIGINT", *("VARCHAR" for _ in positions))
    file = LandingFile(
        contract.name, _MADE, names, types, positions, settings=settings, is_adapted=True
    )
    rows = checked_rows(contract, file, Moments(_ALWAYS)).replace(
        rows_of(_MADE), f"made_{contract.name}"
    )
    columns = ", ".join(f"{with_source(c, c.name, file)} as {c.name}" for c in contract.columns)
    return f"select {columns}, verdict from ({rows})"


def _texts(table: Table, rows: Sequence[dict]) -> pa.Table:
    """Rows of calls as an adapter reads them: every value as text, and null where a text means no value."""
    columns = {
        column.name: pa.array([_text(row.get(column.name)) for row in rows], pa.string())
        for column in whole_columns(table)
    }
    numbers = {ROW_NUMBER: pa.array(range(len(rows)), pa.int64())}
    return pa.table(columns | numbers | {FILE_NAME: pa.array([""] * len(rows), pa.string())})


def _text(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value)
    return text.strip(" ") if text.strip(" ") not in MISSING else None
