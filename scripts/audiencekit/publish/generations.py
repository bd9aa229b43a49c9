"""Publish a build: write new files next to the old ones, then switch every reader at once by one rename.

published/current -> generations/<build_id>/
    activation.duckdb, activation/*.parquet    what reverse ETL picks up
    reporting.duckdb, reporting/*.parquet      what BI reads: aggregates only
    ledger/                                    history, one file a build and table
    model_cards/                               what each model version learned from, and how well it predicts
    live.duckdb, live.*.arrow                  what it takes to evaluate single customers between two builds
    manifest.json                              what this generation is and where it came from
"""

import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from audiencekit import __version__
from audiencekit.atomic_files import sync, sync_folder
from audiencekit.errors import UserError
from audiencekit.git_history import project_commit
from audiencekit.intake.checked_files import erase_from_checked_files
from audiencekit.intake.erasure import write_people
from audiencekit.intake.last_build import keep_tables
from audiencekit.intake.tombstones import NO_ERASURE, TOMBSTONES
from audiencekit.publish.build import Build
from audiencekit.publish.exposures import Publication
from audiencekit.publish.ledger import append_to_ledger, open_ledger
from audiencekit.publish.live_state import write_live_state
from audiencekit.publish.refresh_cone import keep_cone
from audiencekit.publish.tables import audience_rows, write_file
from audiencekit.workspace import FIRST_STEP, Workspace

KEPT_GENERATIONS = 5
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What a published generation is.

    `rows` are by published table, `landing_rows` by landing table, `audiences` by audience table and code.
    `built_at` is the moment of the build in the history: as_of, or just after the build before. `note` tells
    readers about the data, such as that people are simulated. `currency` is the one that figures are in. `landing_decisions` has by landing
    table the columns of refusals that were read. `call_logs` has by log of calls the number of the last file that was
    taken in.
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
    currency: str = ""
    landing_decisions: dict[str, list[str]] = field(default_factory=dict)
    call_logs: dict[str, int] = field(default_factory=dict)


def current_manifest(workspace: Workspace) -> Manifest | None:
    """The generation that readers see now, or None before the first."""
    return read_manifest(workspace.current) if (workspace.current / MANIFEST).exists() else None


def read_manifest(generation: Path) -> Manifest:
    """The manifest of a generation, by its folder."""
    return Manifest(**json.loads((generation / MANIFEST).read_text()))


def published_manifest(workspace: Workspace) -> Manifest:
    """The generation that readers see now. Raises UserError before the first."""
    manifest = current_manifest(workspace)
    if not manifest:
        raise UserError(f"Nothing is published yet. {FIRST_STEP}")
    return manifest


def check_as_of(workspace: Workspace, as_of: datetime) -> None:
    """Raise UserError where as_of is earlier than that of the published generation."""
    last = current_manifest(workspace)
    if last and datetime.fromisoformat(last.as_of) > as_of:
        raise UserError(
            f"as_of {as_of} is earlier than the published generation's ({last.as_of}): history only "
            "goes forward. For a back-test set AUDIENCEKIT_HOME to another folder."
        )


def next_build_id(workspace: Workspace, as_of: datetime) -> str:
    """The id of the next build: as_of, then a running number. Ids sort in the order of builds.

    Raises UserError where as_of is earlier than that of the published generation.
    """
    check_as_of(workspace, as_of)
    last = current_manifest(workspace)
    names = [path.name for path in _generations(workspace)]
    if names and not last:
        raise UserError(
            f"{workspace.current} is missing, and {workspace.generations} holds generations. "
            f"Point it at one of them: ln -s generations/{names[-1]} {workspace.current}"
        )
    number = 1 + max((_number(name) for name in names), default=0)
    return f"{as_of:%Y%m%dT%H%M%SZ}-{number:06d}"


def next_moment(workspace: Workspace, as_of: datetime) -> datetime:
    """When the next build happens in the history: as_of, or a second after the last build if that is later."""
    last = current_manifest(workspace)
    if not last:
        return as_of
    return max(as_of, datetime.fromisoformat(last.built_at or last.as_of) + timedelta(seconds=1))


def _generations(workspace: Workspace) -> list[Path]:
    """Whole generations, oldest first. Other files in the folder are ignored."""
    folders = [p for p in workspace.generations.glob("*Z-[0-9]*") if p.name[0] != "."]
    return sorted(folders, key=lambda path: _number(path.name))


def _number(build_id: str) -> int:
    return int(build_id.rsplit("-", 1)[1])


def publish(workspace: Workspace, publications: list[Publication], build: Build) -> Manifest:
    """Write a whole new generation, switch `current` to it, and delete the oldest ones.

    After an erasure all earlier generations go, because going back to one would bring the erased person back.
    They also go once the time is over in which a platform had to remove an erased person.
    """
    workspace.generations.mkdir(parents=True, exist_ok=True)
    for unfinished in workspace.generations.glob(".writing-*"):
        shutil.rmtree(unfinished)
    folder = workspace.generations / f".writing-{build.build_id}"
    folder.mkdir()
    manifest, is_rewritten = _write_generation(workspace, folder, publications, build)
    sync_folder(folder)
    generation = workspace.generations / build.build_id
    folder.rename(generation)
    sync(workspace.generations)
    _switch(workspace.current, generation)
    _drop_old(workspace, keep=1 if is_rewritten else KEPT_GENERATIONS)
    if len(build.erased.people):
        # Only this build needed to know who is erased.
        open_ledger(workspace)
        write_people(workspace, NO_ERASURE.people)
        erase_from_checked_files(workspace)
    keep_tables(workspace)
    keep_cone(workspace, build.build_id, build.as_of)
    return manifest


def _write_generation(
    workspace: Workspace, folder: Path, publications: list[Publication], build: Build
) -> tuple[Manifest, bool]:
    """Write everything a generation holds. Returns its manifest, and whether an erasure changed the history."""
    # Draws charts, and takes half a second to import.
    from audiencekit.publish.model_cards import write_model_cards

    rows: dict[str, int] = {}
    for file in sorted({p.to for p in publications}):
        tables = [p for p in publications if p.to == file]
        rows |= write_file(workspace, folder, file, tables)
    write_live_state(workspace, folder, build.as_of)
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        is_rewritten = append_to_ledger(con, workspace, folder, build)
        _keep_model_cards(workspace, folder)
        write_model_cards(con, folder / "model_cards", build.note)
        audiences = {p.table: audience_rows(con, p) for p in publications if p.is_audience}
    manifest = Manifest(
        build_id=build.build_id,
        as_of=build.as_of.isoformat(sep=" "),
        commit=project_commit(),
        version=__version__,
        rows=rows,
        landing_rows=build.landing_rows,
        audiences=audiences,
        note=build.note,
        built_at=build.moment.isoformat(sep=" "),
        currency=build.currency,
        landing_decisions=build.landing_decisions,
        call_logs=build.call_logs,
    )
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2) + "\n")
    return manifest, is_rewritten


def _keep_model_cards(workspace: Workspace, generation: Path) -> None:
    """Link the cards of earlier versions into the generation. They are never written again."""
    (generation / "model_cards").mkdir()
    for card in sorted((workspace.current / "model_cards").glob("*")):
        os.link(card, generation / "model_cards" / card.name)


def _switch(pointer: Path, generation: Path) -> None:
    """Point `pointer` at `generation` in one atomic step."""
    new = pointer.with_name(".current-new")
    new.unlink(missing_ok=True)
    new.symlink_to(Path("generations") / generation.name)
    new.replace(pointer)
    sync(pointer.parent)


def _drop_old(workspace: Workspace, keep: int = KEPT_GENERATIONS) -> None:
    """Keep the last `keep` generations, and none from before an erasure, even if a build died in between."""
    now = workspace.current.resolve()
    past = [path for path in _generations(workspace) if path.resolve() != now]
    erasures = [_number(path.stem) for path in (workspace.ledger / TOMBSTONES).glob("*.parquet")]
    for place, generation in enumerate(past):
        if place < len(past) + 1 - keep or _number(generation.name) < max(erasures, default=0):
            shutil.rmtree(generation)
