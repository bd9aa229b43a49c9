"""The SQL that dbt compiled, run again by DuckDB alone: the lowest cost of the same SQL on this machine."""

import json
import shutil
from collections.abc import Iterator
from graphlib import TopologicalSorter
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import duckdb
import pandas as pd
import yaml

from audiencekit.dbt_project import PROJECT
from audiencekit.workspace import Workspace, environment


def replay(workspace: Workspace) -> dict[str, float]:
    """Build every seed and model of the last dbt run into `raw/warehouse.duckdb` of the workspace.

    It runs one statement a node, in the order of the graph, with the settings of profiles.yml. A Python model calls
    the same function as under dbt. Returns seconds by node name.
    """
    folder = workspace.home / "raw"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    manifest = json.loads((workspace.home / "target" / "manifest.json").read_text())
    seconds = {}
    # The file has the name of the warehouse, because compiled SQL contains it.
    with (
        environment(workspace.as_environment()),
        duckdb.connect(str(folder / workspace.warehouse.name)) as con,
    ):
        for setting, value in _settings().items():
            con.execute(f"set {setting} = '{value}'")
        for node in in_order(manifest["nodes"]):
            started = perf_counter()
            con.execute(f"create schema if not exists {node['schema']}")
            _build(con, node, manifest["nodes"])
            seconds[node["name"]] = perf_counter() - started
    return seconds


def _settings() -> dict[str, str]:
    profiles = yaml.safe_load((PROJECT / "profiles.yml").read_text())
    return profiles["audiencekit"]["outputs"]["dev"]["settings"]


def in_order(nodes: dict[str, dict]) -> Iterator[dict]:
    """The seeds and models that dbt builds, each after all that it reads."""
    graph = {key: node["depends_on"].get("nodes", []) for key, node in nodes.items()}
    for key in TopologicalSorter(graph).static_order():
        node = nodes.get(key, {})
        is_built = node.get("resource_type") in ("model", "seed")
        if is_built and node["config"]["materialized"] != "ephemeral":
            yield node


def _build(con: duckdb.DuckDBPyConnection, node: dict, nodes: dict[str, dict]) -> None:
    relation, kind = node["relation_name"], node["config"]["materialized"]
    if node["resource_type"] == "seed":
        types = node["config"]["column_types"]
        path = PROJECT / node["original_file_path"]
        con.execute(
            f"create table {relation} as select * from read_csv($path, header = true, types = $types)",
            {"path": str(path), "types": types},
        )
    elif node["language"] == "python":
        frame = _call_python(con, node, nodes)
        con.register("frame", frame)
        con.execute(f"create table {relation} as select * from frame")
        con.unregister("frame")
    else:
        made = "view" if kind == "view" else "table"
        con.execute(f"create {made} {relation} as {node['compiled_code']}")


def _call_python(
    con: duckdb.DuckDBPyConnection, node: dict, nodes: dict[str, dict]
) -> pd.DataFrame:
    """The frame that a Python model returns, called with the parts of dbt that our models use."""
    relations = {n["name"]: n["relation_name"] for n in nodes.values()}

    class Config(SimpleNamespace):
        def __call__(self, **_: Any) -> None:
            return None

    dbt = SimpleNamespace(
        ref=lambda name: con.sql(f"select * from {relations[name]}"),
        config=Config(get=node["config"].get),
    )
    scope: dict = {}
    exec(compile(node["raw_code"], node["original_file_path"], "exec"), scope)
    return scope["model"](dbt, con)
