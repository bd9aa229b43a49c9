"""The refresh cone: the models that turn landing rows of a few customers into facts about them, between two builds.

A model is in it if its YAML has `refresh: true`: over the landing rows of some customers, and with identity as a build
published it, its rows of these customers are those of a build of that moment. `refresh: adds` says that rows of the
build stay, and what follows from the landing rows is added to them. The code is what dbt compiled for the build.

A published build keeps the cone and its warehouse in <home>/intake/last, until the next one is published:

    refresh.json        the cone, and what the warehouse file looked like
    warehouse.duckdb    a link, which takes no space until the next build begins; so is quarantine.parquet
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from audiencekit.atomic_files import write_atomically
from audiencekit.errors import UserError
from audiencekit.publish.live_cone import parents_of, sql_at_moment
from audiencekit.workspace import Workspace

CONE_FILE, WAREHOUSE, QUARANTINE = "refresh.json", "warehouse.duckdb", "quarantine.parquet"
# Where the SQL reads history: the ledger of the generation, with the rows of its own build.
LEDGER = "{ledger}"
ADDS = "adds"
# Whom a record belongs to is as published. New records get their customer as soon as their identifiers are known.
RECORDS, RECORD_IDENTIFIERS = "int_record_customers", "int_record_identifiers"
_OTHER_BUILD = "the next build"


@dataclass(frozen=True)
class FactStep:
    """One model of the cone: its name, its quoted relation, and its compiled SQL, or else its Python code with its
    config. `adds` says whether rows of the build stay."""

    name: str
    relation: str
    code: str
    is_python: bool
    config: Mapping[str, Any]
    adds: bool


@dataclass(frozen=True)
class RefreshCone:
    """The steps in their order, and the other tables that they read: quoted relations by model. `tables` are the
    landing tables that the steps read. `build_id` is that of the build whose code it is."""

    build_id: str
    steps: tuple[FactStep, ...]
    inputs: dict[str, str]
    tables: tuple[str, ...]


def keep_cone(workspace: Workspace, build_id: str, as_of: datetime) -> None:
    """Keep the cone and the warehouse of a build that was published."""
    manifest = json.loads((workspace.home / "target" / "manifest.json").read_text())
    kept = workspace.last_intake / WAREHOUSE
    for source in (workspace.warehouse, workspace.intake / QUARANTINE):
        (workspace.last_intake / source.name).unlink(missing_ok=True)
        os.link(source, workspace.last_intake / source.name)
    cone = asdict(_read(manifest, build_id, as_of))
    state = {"cone": cone, "warehouse": _look_of(kept)}
    write_atomically(workspace.last_intake / CONE_FILE, json.dumps(state))


def kept_cone(workspace: Workspace, build_id: str) -> RefreshCone:
    """The cone of the published build. Raises UserError where it is not there, or its warehouse is another one by now."""
    try:
        state = json.loads((workspace.last_intake / CONE_FILE).read_text())
        is_same = _look_of(workspace.last_intake / WAREHOUSE) == state["warehouse"]
    except (FileNotFoundError, ValueError):
        state, is_same = {}, False
    if not is_same or state["cone"]["build_id"] != build_id:
        why = "was changed since it was published" if state and not is_same else "was not kept"
        raise UserError(
            f"The warehouse of {build_id} {why}, so that nothing can be refreshed. Publish again: `audiencekit run`."
        )
    cone = state["cone"]
    steps = tuple(FactStep(**step) for step in cone["steps"])
    return RefreshCone(cone["build_id"], steps, cone["inputs"], tuple(cone["tables"]))


def _look_of(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


def _read(manifest: Mapping[str, Any], build_id: str, as_of: datetime) -> RefreshCone:
    nodes = manifest["nodes"]
    marked = {key for key, node in nodes.items() if node["config"].get("meta", {}).get("refresh")}
    parents = {key: set(parents_of(nodes, key)) for key in marked}
    before = {key: parents[key] & marked for key in sorted(marked)}
    by_name = {nodes[key]["name"]: key for key in nodes}
    for key in marked:
        if by_name[RECORDS] in parents[key]:
            before[key].add(by_name[RECORD_IDENTIFIERS])
    order = TopologicalSorter(before).static_order()
    steps = tuple(_step(nodes[key], build_id, as_of) for key in order)
    others = set().union(*parents.values()) - marked
    inputs = {nodes[key]["name"]: nodes[key]["relation_name"] for key in sorted(others)}
    sources = {parent for key in marked for parent in nodes[key]["depends_on"]["nodes"]}
    landing = {key.split(".")[-1] for key in sources if key.split(".")[2:3] == ["landing"]}
    return RefreshCone(build_id, steps, inputs, tuple(sorted(landing)))


def _step(node: dict[str, Any], build_id: str, as_of: datetime) -> FactStep:
    meta = node["config"]["meta"]
    is_python = node["language"] == "python"
    config = {n: v for n, v in node["config"].items() if is_python and _is_plain(v)}
    code = node["raw_code"] if is_python else _sql(node, build_id, as_of)
    return FactStep(
        node["name"], node["relation_name"], code, is_python, config, meta["refresh"] == ADDS
    )


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)


def _sql(node: dict[str, Any], build_id: str, as_of: datetime) -> str:
    sql = sql_at_moment(node, as_of, "refresh: true")
    sql = re.sub(r"'(?:[^']|'')*/ledger/(\w+)/\*\.parquet'", rf"'{LEDGER}/\1/*.parquet'", sql)
    return sql.replace(f"'{build_id}'", f"'{_OTHER_BUILD}'")
