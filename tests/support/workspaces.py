"""Published workspaces of the small demo: how tests make them, read them and compare them."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
from rich.console import Console

from audiencekit.demo import AS_OF
from audiencekit.run.job import Options, Run, run
from audiencekit.workspace import PROJECT, Workspace

# The channels there are, as their folders say.
CHANNELS = tuple(
    sorted(
        path.stem.removeprefix("aud_")
        for path in (PROJECT / "models" / "activation" / "channels").glob("*/aud_*.sql")
    )
)
AD_CHANNELS = tuple(c for c in CHANNELS if c not in ("crm", "email", "website"))
DEMO_AS_OF: datetime = AS_OF.item()


@dataclass(frozen=True)
class Published:
    """A workspace after a run, with what the run said."""

    workspace: Workspace
    run: Run
    printed: str

    def audience(self, channel: str) -> pd.DataFrame:
        return pd.read_parquet(self.workspace.current / "activation" / f"aud_{channel}.parquet")

    def report(self, table: str) -> pd.DataFrame:
        return pd.read_parquet(self.workspace.current / "reporting" / f"{table}.parquet")

    def warehouse(self, query: str) -> pd.DataFrame:
        with duckdb.connect(str(self.workspace.warehouse), read_only=True) as con:
            return con.execute(query).df()

    def manifest(self) -> dict:
        return json.loads((self.workspace.home / "target" / "manifest.json").read_text())


class Runner:
    """Runs landings in workspaces of their own that share one parse of the dbt project."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.parsed: Path | None = None

    def workspace(self, name: str) -> Workspace:
        workspace = Workspace(self.folder / name)
        if self.parsed and not workspace.home.exists():
            (workspace.home / "target").mkdir(parents=True)
            shutil.copy(self.parsed, workspace.home / "target" / "partial_parse.msgpack")
        return workspace

    def __call__(
        self,
        name: str,
        landing: Path,
        as_of: datetime = DEMO_AS_OF,
        accept: Iterable[str] = (),
    ) -> Published:
        workspace = self.workspace(name)
        console = Console(record=True, width=200, quiet=False, file=_Nowhere())
        result = run(landing, workspace, as_of, console, Options(tuple(accept)))
        self.parsed = self.parsed or workspace.home / "target" / "partial_parse.msgpack"
        return Published(workspace, result, console.export_text())


class _Nowhere:
    """A text stream that keeps nothing."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        return None


def contents(published: Published) -> dict[str, pd.DataFrame]:
    """Everything a generation holds but the name of its build, by table."""
    tables = {}
    for path in sorted(published.workspace.current.rglob("*.parquet")):
        frame = (
            duckdb.execute(f"select * exclude (build_id) from '{path}' order by all").df()
            if ("build_id" in duckdb.execute(f"select * from '{path}' limit 0").df())
            else duckdb.execute(f"select * from '{path}' order by all").df()
        )
        tables[path.parent.name + "/" + path.stem] = frame
    return tables


def assert_same_contents(one: Published, other: Published, *, but: tuple[str, ...] = ()) -> None:
    """Both generations hold the same tables, cell by cell."""
    left, right = contents(one), contents(other)
    for name in but:
        left.pop(name), right.pop(name)
    assert left.keys() == right.keys()
    for name, frame in left.items():
        pd.testing.assert_frame_equal(frame, right[name], check_exact=True, obj=name)


def rewrite(path: Path, query: str) -> None:
    """Replace a landing file by a query over it; `t` is its content."""
    new = path.with_suffix(".new")
    duckdb.execute(
        f"copy (with t as (select * from read_parquet('{path}')) {query}) to '{new}' (format parquet)"
    )
    new.replace(path)
