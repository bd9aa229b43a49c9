"""A model's SQL, as dbt compiled it for a published run, over tables that a test makes up."""

import duckdb
import pandas as pd


def sql_of(published, path: str) -> str:
    """The compiled SQL of models/<path>.sql."""
    folder = published.workspace.home / "target" / "compiled" / "audiencekit" / "models"
    return (folder / f"{path}.sql").read_text()


def run_over(published, path: str, tables: dict[str, pd.DataFrame | str]) -> pd.DataFrame:
    """What models/<path>.sql makes of `tables` (schema.name: a frame, or the path of a model to run over the ones
    before it)."""
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as warehouse")
        for name, content in tables.items():
            con.execute(f"create schema if not exists warehouse.{name.split('.')[0]}")
            if isinstance(content, str):
                con.execute(f"create table warehouse.{name} as {sql_of(published, content)}")
            else:
                con.register("frame", content)
                con.execute(f"create table warehouse.{name} as select * from frame")
                con.unregister("frame")
        return con.execute(sql_of(published, path)).df()
