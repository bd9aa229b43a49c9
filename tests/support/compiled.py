"""A model's SQL, as dbt compiled it for a published run, over tables that a test makes up."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd

NO_MERGED_KEYS = pd.DataFrame(columns=["merged_key", "customer_key"], dtype="string")


def compiled_models(published, rooms: Iterable[str] = ("",)) -> dict[str, Path]:
    """The compiled file of each model of `rooms`, or of all models, by name."""
    folder = published.workspace.home / "target" / "compiled" / "audiencekit" / "models"
    # Unit tests, where another test has run them, lie below the YAML file they are written in.
    return {
        path.stem: path
        for room in rooms
        for path in sorted((folder / room).rglob("*.sql"))
        if ".yml/" not in path.as_posix()
    }


def sql_of(published, model: str, as_of: datetime | None = None) -> str:
    """The compiled SQL of a model; with `as_of`, as of another moment than the run's."""
    sql = compiled_models(published)[model].read_text()
    if as_of:
        sql = sql.replace(
            f"cast('{published.run.manifest.as_of}' as timestamp)", f"timestamp '{as_of}'"
        )
    return sql


def run_over(
    published, model: str, tables: dict[str, pd.DataFrame | str], as_of: datetime | None = None
) -> pd.DataFrame:
    """What a model makes of `tables` (schema.name: a frame, or the name of a model to run over the ones before).

    No key was merged, unless a table says so.
    """
    tables = {"identity.int_merged_keys": NO_MERGED_KEYS} | tables
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as warehouse")
        for name, content in tables.items():
            con.execute(f"create schema if not exists warehouse.{name.split('.')[0]}")
            if isinstance(content, str):
                con.execute(f"create table warehouse.{name} as {sql_of(published, content, as_of)}")
            else:
                con.register("frame", content)
                con.execute(f"create table warehouse.{name} as select * from frame")
                con.unregister("frame")
        return con.execute(sql_of(published, model, as_of)).df()
