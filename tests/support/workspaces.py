"""Published workspaces of the small demo: how tests make them, read them and compare them."""

import fcntl
import json
import pickle
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from dbt.artifacts.resources import FileHash
from dbt.parser.manifest import ManifestLoader
from rich.console import Console

import audiencekit.run.job
from audiencekit.demo import AS_OF
from audiencekit.run.dbt import run_dbt
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
    """A workspace after a run, with what the run printed."""

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
    """Runs landings in workspaces of their own, below `folder`.

    All builds start from one parse of the dbt project, `parsed`: a whole parse takes ten seconds.
    """

    def __init__(self, folder: Path, parsed: Path):
        self.folder = folder
        self.parsed = parsed

    def workspace(self, name: str) -> Workspace:
        """The workspace of this name; new ones know the parsed project and nothing else."""
        workspace = Workspace(self.folder / name)
        if not workspace.home.exists():
            (workspace.home / "target").mkdir(parents=True)
            shutil.copy(self.parsed, workspace.home / "target")
        return workspace

    def copy_of(self, published: Published, name: str) -> Published:
        """A workspace of its own in the state that `published` left, to be written into."""
        home = self.folder / name
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(published.workspace.home, home, symlinks=True)
        return Published(Workspace(home), published.run, published.printed)

    def __call__(
        self,
        name: str,
        landing: Path,
        as_of: datetime = DEMO_AS_OF,
        accept: Iterable[str] = (),
        data_tests: bool = True,
    ) -> Published:
        """One run, as the command line does it.

        `data_tests` of dbt are left out only where another build runs them over the same data.
        """
        workspace = self.workspace(name)
        console = Console(record=True, width=200, quiet=False, file=_Nowhere())
        with one_parse(), all_data_tests() if data_tests else no_data_tests():
            result = run(landing, workspace, as_of, console, Options(tuple(accept)))
        return Published(workspace, result, console.export_text())


def parse_project(folder: Path) -> Path:
    """Parse the dbt project in a workspace at `folder`; the file that a Runner starts its builds from."""
    workspace = Workspace(folder)
    workspace.home.mkdir(parents=True, exist_ok=True)
    with one_parse():
        result = run_dbt(workspace, "parse")
    assert result.success, result.exception
    return workspace.home / "target" / "partial_parse.msgpack"


def parsed_manifest(folder: Path) -> dict:
    """dbt's manifest of the project, parsed in a workspace at `folder`."""
    return json.loads((parse_project(folder).parent / "manifest.json").read_text())


@contextmanager
def one_parse() -> Iterator[None]:
    """dbt keeps what it parsed when only the variables or the workspace of a build differ.

    dbt itself parses everything again then, for a variable may stand in YAML. Those of a build stand in SQL alone
    (tests/unit/test_laws.py), which is compiled in each build. Sources, whose place is the workspace, are parsed again.
    """
    real = ManifestLoader.build_manifest_state_check

    def state_check(loader):
        state = real(loader)
        state.vars_hash = state.profile_hash = FileHash.from_contents("tests")
        return state

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ManifestLoader, "build_manifest_state_check", state_check)
        yield


all_data_tests = nullcontext


@contextmanager
def no_data_tests() -> Iterator[None]:
    """Builds make every model and run no data test."""
    real = audiencekit.run.job.dbt_build
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            audiencekit.run.job,
            "dbt_build",
            lambda *a, **k: real(*a, "--exclude-resource-type", "test", **k),
        )
        yield


def once(folder: Path, make: Callable[[], object]):
    """What `make` returns, made by the first of several processes that ask and read by the others.

    `folder` is where it is remembered; a process that comes meanwhile waits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    memory = folder / "made.pickle"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not memory.exists():
            made = make()
            memory.write_bytes(pickle.dumps(made))
        return pickle.loads(memory.read_bytes())


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
