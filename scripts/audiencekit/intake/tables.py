"""A landing table, made of the rows of its files. What did not change since the last intake stays as it is."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import duckdb

from audiencekit.atomic_files import write_atomically
from audiencekit.intake.changes import any_deletions, delete_rows
from audiencekit.intake.contract import Table
from audiencekit.intake.extracts import Overlap, have_keys_of_their_own, settle
from audiencekit.intake.files import LandingFile
from audiencekit.intake.parts import FIRST, part_of, parts_of, remove_table, write_part
from audiencekit.intake.rows import no_rows

STATE = ".state.json"
Identity = list[int]


@dataclass(frozen=True)
class _State:
    """What a table was made of: the rows of its files, its parts, and what its files have in common.

    A file or part is known by its inode, so that a link is the same and what was written anew is another.
    """

    files: list[Identity]
    parts: list[Identity]
    overlap: dict[str, int]


def assemble(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    files: Sequence[tuple[LandingFile, Path]],
    target: Path,
    is_accepted: bool,
) -> Overlap:
    """Make the table `target` of its files, each with its rows that count, without rows that a later file replaces.

    Raises UserError for a key that means two things, unless the table `is_accepted`.
    """
    rows = [path for _, path in files]
    before, now = _read_state(target), list(map(_identity, rows))
    if before and before.files == now:
        return Overlap(**before.overlap)
    kept = _kept_parts(before, now) if before and not any_deletions(rows) else {}
    _lay_out(target, rows, kept)
    if not files:
        write_part(con, no_rows(table), part_of(target, FIRST))
    if before and kept and have_keys_of_their_own(con, table, target, set(kept)):
        overlap = Overlap(**before.overlap)
    else:
        if kept:
            _lay_out(target, rows, {})
        deleted = delete_rows(con, table, files, target)
        overlap = settle(con, table, [file for file, _ in files], target, is_accepted)
        overlap = replace(overlap, rows_deleted=deleted)
    parts = list(map(_identity, parts_of(target)))
    state = _State(now, parts, asdict(overlap))
    write_atomically(target / STATE, json.dumps(asdict(state)))
    return overlap


def _read_state(target: Path) -> _State | None:
    """What a table was made of; None if that is not known, or if it was written anew since."""
    path = target / STATE
    try:
        state = _State(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return state if state.parts == list(map(_identity, parts_of(target))) else None


def _identity(path: Path) -> Identity:
    stat = path.stat()
    return [stat.st_ino, stat.st_size, stat.st_mtime_ns]


def _kept_parts(before: _State, now: Sequence[Identity]) -> dict[int, int]:
    """The numbers of parts that stay, with those that they had; none if a file is gone that may have replaced rows."""
    if any(identity not in now for identity in before.files):
        return {}
    return {now.index(identity): number for number, identity in enumerate(before.files)}


def _lay_out(target: Path, rows: Sequence[Path], kept: dict[int, int]) -> None:
    """Make the folder of a table: of the parts that it has, where these are `kept`, and of the rows of its files."""
    new = target.with_name(f"{target.name}.new")
    remove_table(new)
    new.mkdir()
    for number, path in enumerate(rows):
        part = part_of(target, kept[number]) if number in kept else path
        os.link(part, part_of(new, number))
    remove_table(target)
    new.rename(target)
