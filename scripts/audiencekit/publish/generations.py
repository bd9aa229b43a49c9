"""Publish a build: new files beside the old, then one rename that switches every reader at once.

published/current -> generations/<build_id>/
    activation.duckdb, activation/*.parquet    what reverse ETL picks up
    reporting.duckdb, reporting/*.parquet      what BI reads: aggregates only
    ledger/                                    history, one file a build and table
    model_cards/                               what each version of a model learnt, and how it did
    manifest.json                              what this generation is and where it came from
"""

import json
import os
import shutil
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from audiencekit import __version__
from audiencekit.errors import UserError
from audiencekit.git_history import project_commit
from audiencekit.intake.erasure import write_people
from audiencekit.intake.tombstones import NOBODY, TOMBSTONES, Erased
from audiencekit.publish.exposures import Publication
from audiencekit.publish.ledger import append_to_ledger, open_ledger
from audiencekit.workspace import Workspace

KEPT_GENERATIONS = 5
SMALLEST_SHARE_OF_LAST_TIME = 0.5
FEW_ROWS = 50


@dataclass(frozen=True)
class Manifest:
    """What a published generation is. `rows` by published table, `landing_rows` by landing table,
    `audiences` by audience table and code.

    `built_at` is the moment of the build in history: as_of, or just after the build before.
    `note` says what a reader must know of the data, as that people are simulated.
    """

    build_id: str
    as_of: str
    commit: str
    version: str
    rows: dict[str, int]
    landing_rows: dict[str, int]
    audiences: dict[str, dict[str, int]] = field(default_factory=dict)
    note: str = ""
    built_at: str = ""


def current_manifest(workspace: Workspace) -> Manifest | None:
    """The generation readers see now, or None before the first."""
    path = workspace.current / "manifest.json"
    return Manifest(**json.loads(path.read_text())) if path.exists() else None


def next_build_id(workspace: Workspace, as_of: datetime) -> str:
    """Ids sort in the order of builds: as_of, then a running number."""
    last = current_manifest(workspace)
    if last and datetime.fromisoformat(last.as_of) > as_of:
        raise UserError(
            f"as_of {as_of} is earlier than the published generation's ({last.as_of}): history only "
            "goes forward. For a back-test set AUDIENCEKIT_HOME to another folder."
        )
    names = [path.name for path in _generations(workspace)]
    if names and not last:
        raise UserError(
            f"{workspace.current} is missing, and {workspace.generations} holds generations. "
            f"Point it at one of them: ln -s generations/{names[-1]} {workspace.current}"
        )
    number = 1 + max((_number(name) for name in names), default=0)
    return f"{as_of:%Y%m%dT%H%M%SZ}-{number:06d}"


def next_moment(workspace: Workspace, as_of: datetime) -> datetime:
    """When the next build happens in history: as_of, or a second after the last build if not later."""
    last = current_manifest(workspace)
    if not last:
        return as_of
    return max(as_of, datetime.fromisoformat(last.built_at or last.as_of) + timedelta(seconds=1))


def _generations(workspace: Workspace) -> list[Path]:
    """Whole generations, oldest first; whatever else lies there is not ours."""
    found = [p for p in workspace.generations.glob("*Z-[0-9]*") if p.name[0] != "."]
    return sorted(found, key=lambda path: _number(path.name))


def _number(build_id: str) -> int:
    return int(build_id.rsplit("-", 1)[1])


def check_sizes(
    workspace: Workspace, publications: list[Publication], accept: Collection[str]
) -> dict[str, list[str]]:
    """By channel, its audiences that lost more than half their rows since the last generation, one line each."""
    last = current_manifest(workspace)
    if not last:
        return {}
    shrunk: dict[str, list[str]] = {}
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        for published in publications:
            if not published.is_audience or published.exposure in accept:
                continue
            now = _audience_rows(con, published)
            for audience, before in last.audiences.get(published.table, {}).items():
                rows = now.get(audience, 0)
                if before >= FEW_ROWS and rows < SMALLEST_SHARE_OF_LAST_TIME * before:
                    shrunk.setdefault(published.exposure, []).append(
                        f"{published.table}, audience {audience}, fell from {before:,} to {rows:,} rows"
                    )
    return shrunk


def _audience_rows(con: duckdb.DuckDBPyConnection, published: Publication) -> dict[str, int]:
    return dict(
        con.execute(
            f"select audience_code, count(*) from {published.schema}.{published.table} "
            "group by audience_code order by audience_code"
        ).fetchall()
    )


def publish(
    workspace: Workspace,
    publications: list[Publication],
    as_of: datetime,
    build_id: str,
    landing_rows: dict[str, int],
    note: str = "",
    built_at: datetime | None = None,
    erased: Erased = NOBODY,
) -> Manifest:
    """Write a whole new generation, switch `current` to it, and drop the oldest ones.

    After an erasure all earlier ones go: going back to one would bring the person back. So they do when
    the time is over in which a platform had to take them away.
    """
    from audiencekit.publish.model_cards import (
        write_model_cards,
    )  # draws, and takes half a second to import

    built_at = built_at or as_of
    workspace.generations.mkdir(parents=True, exist_ok=True)
    for left_over in workspace.generations.glob(".writing-*"):
        shutil.rmtree(left_over)
    writing = workspace.generations / f".writing-{build_id}"
    writing.mkdir()
    rows = {}
    for file in sorted({p.to for p in publications}):
        tables = [p for p in publications if p.to == file]
        rows |= write_file(workspace, writing, file, tables)
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        is_rewritten = append_to_ledger(con, workspace, writing, build_id, built_at, erased)
        _keep_model_cards(workspace, writing)
        write_model_cards(con, writing / "model_cards", note)
        audiences = {p.table: _audience_rows(con, p) for p in publications if p.is_audience}
    manifest = Manifest(
        build_id,
        as_of.isoformat(sep=" "),
        project_commit(),
        __version__,
        rows,
        landing_rows,
        audiences,
        note,
        built_at.isoformat(sep=" "),
    )
    (writing / "manifest.json").write_text(json.dumps(asdict(manifest), indent=2) + "\n")
    _flush(writing)
    generation = workspace.generations / build_id
    writing.rename(generation)
    _sync(workspace.generations)
    _switch(workspace.current, generation)
    _drop_old(workspace, keep=1 if is_rewritten else KEPT_GENERATIONS)
    if len(erased.people):
        # What dbt needed to know of them, and nobody needs any more.
        open_ledger(workspace)
        write_people(workspace, NOBODY.people)
    return manifest


def write_file(
    workspace: Workspace, folder: Path, file: str, tables: list[Publication]
) -> dict[str, int]:
    """Write `tables` into `folder`/`file`.duckdb and, as Parquet, `folder`/`file`/. Returns rows by table."""
    rows = {}
    (folder / file).mkdir()
    with duckdb.connect(str(folder / f"{file}.duckdb")) as con:
        con.execute(f"attach '{workspace.warehouse}' as warehouse (read_only)")
        for table in tables:
            order = table.key or "all"
            con.execute(
                f"create table {table.table} as "
                f"select * from warehouse.{table.schema}.{table.table} order by {order}"
            )
            con.execute(
                f"copy (select * from {table.table} order by {order}) "
                f"to '{folder / file / table.table}.parquet' (format parquet, compression zstd)"
            )
            counted = con.execute(f"select count(*) from {table.table}").fetchall()
            rows[table.table] = counted[0][0]
        con.execute("detach warehouse")
    return rows


def _keep_model_cards(workspace: Workspace, generation: Path) -> None:
    """The cards of earlier versions go on with the generation, never written again."""
    (generation / "model_cards").mkdir()
    for card in sorted((workspace.current / "model_cards").glob("*")):
        os.link(card, generation / "model_cards" / card.name)


def _switch(pointer: Path, generation: Path) -> None:
    """Point `pointer` at `generation` in one atomic step."""
    new = pointer.with_name(".current-new")
    new.unlink(missing_ok=True)
    new.symlink_to(Path("generations") / generation.name)
    new.replace(pointer)
    _sync(pointer.parent)


def _drop_old(workspace: Workspace, keep: int = KEPT_GENERATIONS) -> None:
    """Keep the last generations, and none from before somebody was forgotten, whoever died meanwhile."""
    now = workspace.current.resolve()
    past = [path for path in _generations(workspace) if path.resolve() != now]
    erasures = [_number(path.stem) for path in (workspace.ledger / TOMBSTONES).glob("*.parquet")]
    for place, generation in enumerate(past):
        if place < len(past) + 1 - keep or _number(generation.name) < max(erasures, default=0):
            shutil.rmtree(generation)


def _flush(folder: Path) -> None:
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
