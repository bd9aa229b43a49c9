"""Files that intake has checked, kept so that a file that did not change is not read again.

    checked/<key>/rows.parquet       the rows that count, as the contract has them, without those of erased people
    checked/<key>/deleted.parquet    the rows that say which others the source has deleted, if there are any
    checked/<key>/refused.parquet    the rows that do not count, with their reasons
    checked/<key>/facts.json         what else is known of the file
    checked/files.json               size, times and digest of each file of the landing folder as last seen, and headers
    checked/tombstones.json          the erasures that the rows have been through

The key is a digest of everything that the result follows from: the content of the file, its name, what landing.yml says
of it, the contract, the adapters and the code of intake.
"""

import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from audiencekit import sql
from audiencekit.atomic_files import write_atomically
from audiencekit.errors import UserError
from audiencekit.identity import contact_points
from audiencekit.intake import adapters, contract, decision_words, sources
from audiencekit.intake.contract import Table, load_contract
from audiencekit.intake.erasure import (
    COUNTRY_NAMES,
    erase_from_refused,
    erase_from_table,
    files_with_erased,
)
from audiencekit.intake.files import Extract, LandingFile
from audiencekit.intake.moments import Moments
from audiencekit.intake.parts import deletions_of, is_empty
from audiencekit.intake.tombstones import (
    MAILBOX_MACROS,
    NO_ERASURE,
    TOMBSTONES,
    load_tombstones,
    salt,
)
from audiencekit.intake.unpacked import TEXT
from audiencekit.workspace import Workspace

NEW = ".new-"
# What a result follows from, besides the file itself.
_RULES = (
    Path(sql.__file__),
    *Path(__file__).parent.glob("*.py"),
    *(contract.CONTRACT_FILE, decision_words.WORDS, sources.BLOCKLIST, COUNTRY_NAMES),
    *(Path(contact_points.__file__), *MAILBOX_MACROS),
    *(path for path in adapters.FOLDER.rglob("*") if path.suffix in (".sql", ".yml")),
)


@dataclass
class CheckedFile:
    """A file that was checked: the folder of its rows, and what else is known of it."""

    folder: Path
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> Path:
        """The rows that count."""
        return self.folder / "rows.parquet"

    @property
    def deleted(self) -> Path:
        """The rows that say which others the source has deleted. There may be none."""
        return deletions_of(self.rows)

    @property
    def refused(self) -> Path:
        """The rows that do not."""
        return self.folder / "refused.parquet"

    def write_facts(self) -> None:
        write_atomically(self.folder / "facts.json", json.dumps(self.facts))

    def landing_file(self, extract: Extract) -> LandingFile:
        """The file as it was opened. Everything that is asked about its cells is answered already."""
        known: dict[str, Any] = dict(self.facts["file"])
        for name in ("header", "types", "in_folders"):
            known[name] = tuple(known[name])
        return LandingFile(
            name=extract.name,
            path=extract.path,
            settings=extract.settings,
            is_adapted=extract.is_adapted,
            answers=self.facts["answers"],
            **known,
        )


def facts_of(file: LandingFile) -> dict[str, Any]:
    """What has to be known of a file that is not read again."""
    names = ("header", "types", "in_folders", "positions", "rows", "delimiter", "date_orders")
    return {name: getattr(file, name) for name in names}


class CheckedFiles:
    """The checked files of a workspace. Those that a whole intake does not use are removed when it ends."""

    def __init__(self, workspace: Workspace, landing: Path, moments: Moments):
        self.landing = landing
        self.folder = workspace.checked_files
        self.moments = moments
        self.used: set[str] = set()
        self.read: set[str] = set()  # names of files that are read in this intake
        self.folder.mkdir(parents=True, exist_ok=True)
        drop_unfinished(self.folder)
        self._files_json = self.folder / "files.json"
        before = _read_json(self._files_json, {})
        self._seen: dict[str, list[Any]] = before.get("seen", {})
        self._headers: dict[str, list[str]] = before.get("headers", {})
        self._stats: dict[str, list[int]] = {}
        self._names: dict[str, set[str]] = {}  # by key, the files that it is of

    def key(self, extract: Extract, *others: object) -> str:
        """The key of what a file becomes. `others` is what else this follows from."""
        if extract.origin:
            names = set().union(*(self._names.get(key, set()) for key in extract.origin.split()))
        else:
            names = {extract.name}
        origin = extract.origin or self.digest(extract.path, extract.name)
        key = _digest(_rules(), origin, extract.name, repr(extract.settings), *others)
        self._names[key] = names
        return key

    def digest(self, path: Path, name: str) -> str:
        """The digest of a file's content. It is read only if its size or one of its times has changed.

        Raises UserError if it cannot be read.
        """
        try:
            now = self._stats[name] = _stat(path)
            *before, digest = self._seen.get(name, [None])
            if before != now:
                with path.open("rb") as stream:
                    digest = hashlib.file_digest(stream, "sha256").hexdigest()
                self._seen[name] = [*now, digest]
        except OSError as problem:
            raise UserError(f"{name}: cannot be read ({problem.strerror}).") from None
        return digest

    def header(self, path: Path, name: str, ask: Callable[[], list[str]]) -> list[str]:
        """The names of a file's columns. A file that has to be unpacked for it is asked once, while it does not change."""
        if path.name.lower().endswith((*TEXT, ".parquet")):
            return ask()
        digest = self.digest(path, name)
        if digest not in self._headers:
            self._headers[digest] = ask()
        return list(self._headers[digest])

    def find(self, key: str) -> CheckedFile | None:
        """The checked file of a key; None if there is none, or if it would be another one at the moments of this intake."""
        checked = CheckedFile(self.folder / key, _read_json(self.folder / key / "facts.json", {}))
        files = [checked.refused]
        files += [checked.rows] if "kept" in checked.facts else []
        files += [checked.deleted] if checked.facts.get("has_deletions") else []
        is_whole = checked.facts and all(path.exists() for path in files)
        if not is_whole or not self._is_valid(checked.facts.get("moments")):
            return None
        self.used.add(key)
        return checked

    def _is_valid(self, moments: Mapping[str, Any] | None) -> bool:
        """Whether rows would be the same at the moments of this intake. Where none is late, none is later on."""
        if not moments or tuple(moments["at"]) == self.moments.as_text:
            return True
        (as_of, clock), (then, clock_then) = self.moments.as_text, moments["at"]
        is_later = as_of >= then and clock >= clock_then and bool(clock) == bool(clock_then)
        return is_later and not moments["matter"]

    def begin(self, key: str) -> CheckedFile:
        """A checked file that is to be written, and kept once it is known to be good."""
        folder = self.folder / f"{NEW}{key}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return CheckedFile(folder)

    def keep(self, checked: CheckedFile) -> None:
        """Keep a checked file for the next intake. One that was kept before stays as it is."""
        key = checked.folder.name.removeprefix(NEW)
        names = self._names.get(key, set())
        if key == checked.folder.name or any(map(self._has_changed, names)):
            return
        checked.write_facts()
        target = self.folder / key
        shutil.rmtree(target, ignore_errors=True)
        checked.folder = checked.folder.rename(target)
        self.used.add(target.name)

    def unchanged_line(self) -> str:
        """One line about files that are not read again; empty without any."""
        names = self._used_names()
        unchanged = len(names - self.read)
        if not unchanged:
            return ""
        are = "is" if unchanged == 1 else "are"
        return f"{unchanged:,} of {len(names):,} files {are} as checked before, and not read again"

    def _used_names(self) -> set[str]:
        return set().union(*self._names.values())

    def _has_changed(self, name: str) -> bool:
        """Whether a file of the landing is another one than when its digest was taken."""
        try:
            return _stat(self.landing / name) != self._stats[name]
        except OSError:
            return True

    def finish(self) -> None:
        """Write down what files of the landing looked like, but for those that changed meanwhile, and drop what is unused."""
        names = sorted(name for name in self._used_names() if not self._has_changed(name))
        seen = {name: self._seen[name] for name in names}
        digests = {each[-1] for each in seen.values()}
        headers = {digest: header for digest, header in self._headers.items() if digest in digests}
        write_atomically(self._files_json, json.dumps({"seen": seen, "headers": headers}))
        for folder in self.folder.iterdir():
            if folder.is_dir() and folder.name not in self.used:
                shutil.rmtree(folder)


def drop_unfinished(folder: Path) -> None:
    """Remove what an intake did not keep."""
    for unfinished in folder.glob(f"{NEW}*"):
        shutil.rmtree(unfinished)


def erase_from_checked_files(workspace: Workspace) -> None:
    """Remove the rows of people who were erased since the files were checked."""
    folder = workspace.checked_files
    folder.mkdir(parents=True, exist_ok=True)
    drop_unfinished(folder)
    state = folder / "tombstones.json"
    ledger = sorted(path.name for path in (workspace.ledger / TOMBSTONES).glob("*.parquet"))
    before = _read_json(state, None, list) if state.exists() else []
    if before == ledger:
        return
    if before is None or not set(before) <= set(ledger):
        # The history is another one, and erased rows cannot come back.
        shutil.rmtree(folder)
        folder.mkdir()
    of_tables: dict[str, list[CheckedFile]] = defaultdict(list)
    for path in folder.glob("*/facts.json"):
        checked = CheckedFile(path.parent, _read_json(path, {}))
        of_tables[checked.facts.get("table", "")].append(checked)
    with duckdb.connect() as con:
        load_tombstones(con, workspace, NO_ERASURE)
        for name, files in of_tables.items():
            _erase_from_files(con, load_contract().get(name), files)
    write_atomically(state, json.dumps(ledger))


def _erase_from_files(
    con: duckdb.DuckDBPyConnection, table: Table | None, files: Sequence[CheckedFile]
) -> None:
    """Remove the rows of erased people from the checked files of a table."""
    named: set[Path] = set()
    if table:
        rows = [each.rows for each in files if each.rows.exists()]
        deleted = [each.deleted for each in files if each.deleted.exists()]
        found = files_with_erased(con, table, rows)
        found += files_with_erased(con, deletions_table(table), deleted)
        named = {path.parent for path in found}
    for checked in files:
        if table is None or checked.folder in named or not is_empty(checked.refused):
            # Without its facts a file is read again, should this be the last that happens.
            (checked.folder / "facts.json").unlink()
            if table:
                erase(con, table, checked)
                checked.write_facts()


def erase(con: duckdb.DuckDBPyConnection, table: Table, checked: CheckedFile) -> None:
    """Remove the rows of erased people from a checked file, and count them. `con` has the table `tombstones`."""
    if not is_empty(checked.refused):
        erase_from_refused(con, checked.refused)
    if checked.deleted.exists():
        erase_from_table(con, deletions_table(table), checked.deleted)
    if not checked.rows.exists():
        return
    erased, later = erase_from_table(con, table, checked.rows)
    before, later_before = checked.facts["erased"]
    checked.facts["erased"] = [before + erased, later_before + later]
    if not table.required:
        checked.facts["kept"] -= erased


def deletions_table(table: Table) -> Table:
    """A table as the rows that say which others are deleted: its key, and when they changed."""
    columns = tuple(column for column in table.columns if column.name in table.key)
    return replace(table, columns=columns, required=False, event_at=None, latest_by=None)


def _read_json(path: Path, default: Any, kind: type = dict) -> Any:
    """What a JSON file holds; `default` where there is none that is whole."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return default
    return found if isinstance(found, kind) else default


def _stat(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()


@cache
def _rules() -> str:
    """A digest of the code, the contract and the adapters."""
    contents = [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(_RULES)]
    return _digest(duckdb.__version__, salt(), *contents)
