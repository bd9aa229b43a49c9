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
from dbt.contracts.graph.manifest import Manifest
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
            know_parsed(workspace.home, self.parsed)
        return workspace

    def copy_of(self, published: Published, name: str) -> Published:
        """A workspace of its own in the state that `published` left, to be written into."""
        home = self.folder / name
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(published.workspace.home, home, symlinks=True)
        know_parsed(home, self.parsed)
        return Published(Workspace(home), published.run, published.printed)

    def build(
        self, name: str, landing: Path, *models: str, as_of: datetime = DEMO_AS_OF
    ) -> Published:
        """One run that builds `models` (dbt's selectors) and ends there: nothing is checked or published."""
        build = audiencekit.run.job.dbt_build

        def build_these(*arguments, **options):
            chosen = () if "--select" in arguments else ("--select", *models)
            return build(*arguments, *chosen, **options)

        with pytest.MonkeyPatch.context() as patch, pytest.raises(_Built):
            patch.setattr(audiencekit.run.job, "dbt_build", build_these)
            patch.setattr(audiencekit.run.job, "read_publications", _stop)
            self(name, landing, as_of, checks=False)
        return Published(self.workspace(name), None, "")

    def __call__(
        self,
        name: str,
        landing: Path,
        as_of: datetime = DEMO_AS_OF,
        accept: Iterable[str] = (),
        checks: bool = True,
    ) -> Published:
        """One run, as the command line does it.

        `checks` (dbt's data tests and Great Expectations) are left out where a test reads what the build made and
        another build checks data of the same kind. Gates on sizes always run.
        """
        workspace = self.workspace(name)
        console = Console(record=True, width=200, quiet=False, file=_Nowhere())
        with rules_audited_once(), nullcontext() if checks else no_checks():
            result = run(landing, workspace, as_of, console, Options(tuple(accept)))
        return Published(workspace, result, console.export_text())


class _Built(Exception):
    """A build that is not to be published is done."""


def _stop(_: Workspace) -> None:
    raise _Built


def parse_project(folder: Path) -> Path:
    """Parse the dbt project in a workspace at `folder`; the file that a Runner starts its builds from."""
    workspace = Workspace(folder)
    workspace.home.mkdir(parents=True, exist_ok=True)
    result = run_dbt(workspace, "parse")
    assert result.success, result.exception
    return workspace.home / "target" / "partial_parse.msgpack"


def know_parsed(home: Path, parsed: Path) -> None:
    """Tell the workspace at `home` of the parsed project: dbt parses most of it again when its sources move."""
    manifest = Manifest.from_msgpack(parsed.read_bytes())
    old = manifest.env_vars["AUDIENCEKIT_HOME"]
    manifest.env_vars["AUDIENCEKIT_HOME"] = str(home)
    for source in manifest.sources.values():
        for config in (source.config, source.unrendered_config):
            config["external_location"] = config["external_location"].replace(old, str(home))
        source.relation_name = source.relation_name.replace(old, str(home))
    (home / "target" / parsed.name).write_bytes(manifest.to_msgpack())


def parsed_manifest(folder: Path) -> dict:
    """dbt's manifest of the project, parsed in a workspace at `folder`."""
    return json.loads((parse_project(folder).parent / "manifest.json").read_text())


@contextmanager
def one_parse() -> Iterator[None]:
    """dbt keeps what it parsed when only the variables or the workspace of a build differ.

    dbt itself parses everything again then, for a variable may stand in YAML. Those of a build stand in SQL alone
    (tests/unit/test_laws.py), which is compiled in each build.
    """
    real = ManifestLoader.build_manifest_state_check

    def state_check(loader):
        state = real(loader)
        state.vars_hash = state.profile_hash = FileHash.from_contents("tests")
        return state

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ManifestLoader, "build_manifest_state_check", state_check)
        yield


@contextmanager
def no_checks() -> Iterator[None]:
    """Builds make every model, run no data test and ask Great Expectations nothing."""
    build = audiencekit.run.job.dbt_build
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            audiencekit.run.job,
            "dbt_build",
            lambda *a, **k: build(*a, "--exclude-resource-type", "test", **k),
        )
        patch.setattr("audiencekit.run.expectations.check_walls", lambda *_: [])
        yield


@contextmanager
def rules_audited_once() -> Iterator[None]:
    """The proofs about segment rules are made once for all builds of the same rules: they do not read data."""
    from audiencekit.rules import audit  # z3 takes a second to import

    audit_rules = audit.audit_rules

    def audited(segments: pd.DataFrame, *types) -> pd.DataFrame:
        read = ["segment_code", "definition", "priority", "excludes"]
        inputs = repr((segments[read].to_dict("records"), types))
        if inputs not in _AUDITED:
            _AUDITED[inputs] = audit_rules(segments, *types)
        return _AUDITED[inputs].copy()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "audit_rules", audited)
        yield


_AUDITED: dict[str, pd.DataFrame] = {}


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


CANARIES = ("Canarymail", "Canaryfirst", "Canarylast", "Canarycity", "2065550142", "206-555-0142")


def plant_canaries(landing: Path) -> None:
    """Add a person with the contact data of CANARIES to every table that holds contact data, and a bad row of theirs."""
    rewrite(
        landing / "contacts.2017-12-31.parquet",
        "select * from t union all by name select * replace ("
        "'canary-1' as contact_id, 'Canarymail@example.com' as email, '206-555-0142' as phone, "
        "'Canaryfirst' as first_name, 'Canarylast' as last_name, 'Canarycity' as city, 'US' as country_code, "
        "'canary-a' as account_id) from (from t order by all limit 1)",
    )
    rewrite(
        landing / "consent_events.parquet",
        "select * from t union all by name select * replace ('canary-' || purpose as consent_event_id, "
        "'email' as id_type, 'Canarymail@example.com' as id_value, 'granted' as status, "
        "null as expires_at, 'US' as jurisdiction) from (from t qualify row_number() over (partition by purpose order by consent_event_id) = 1)",
    )
    rewrite(
        landing / "orders.parquet",
        "select * from t union all by name select * replace ('canary-' || order_id as order_id, "
        "'Canarymail@example.com' as email, null as account_id, null as card_number, 50 as total, "
        "'completed' as status, timestamp '2017-12-30' as ordered_at) from (from t order by order_id limit 3) "
        # A bad row with contact data in it, for quarantine.
        "union all by name select * replace ('canary-bad' as order_id, 'Canarymail@example.com' as email, "
        "timestamp '1900-01-01' as ordered_at) from (from t order by all limit 1)",
    )
