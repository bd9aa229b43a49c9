"""The log of calls: every call once, on disk before it is acknowledged, never changed afterwards.

<folder>/_calls.000007.jsonl   calls of the last minute, of every table; a run skips names that begin with _
<folder>/tracks.000006.jsonl   the calls before, a file a table, as a run takes them in
<folder>/_held.000006.jsonl    calls that may state a refusal in a way that no run reads
"""

import fcntl
import json
import os
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from audiencekit.atomic_files import sync_folder
from audiencekit.errors import UserError
from audiencekit.live.adapted import HELD, NOT_READ
from audiencekit.live.calls import TABLES, Row

CALLS = "_calls"
TABLE_NAMES = {CALLS, HELD, NOT_READ, *(table for table, _ in TABLES.values())}

# How long a call is remembered, so that it counts once if it comes again. Segment does so for a day.
REMEMBERED = timedelta(days=1)


class CallLog:
    """The files of one folder. One process has it open, and one thread writes.

    Opening it takes up where the last process ended. A line that was not written whole was never acknowledged, and
    goes. `seconds_per_file` says after how long a run can take calls in. Raises UserError where another process
    has the folder open.
    """

    def __init__(self, folder: Path, now: datetime, seconds_per_file: float = 60):
        self.folder = folder
        self.seconds_per_file = seconds_per_file
        self._known: dict[str, datetime] = {}
        self._undivided: list[Path] = []
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(folder)
        files = _files(folder)
        self._number = max((number for number, _, _ in files), default=0)
        for _, table, path in files:
            if table == CALLS:
                _cut_unfinished_line(path)
                self._undivided.append(path)
        self._divide()
        for _, _, path in _files(folder):
            if datetime.fromtimestamp(path.stat().st_mtime, now.tzinfo) > now - REMEMBERED:
                self._known |= dict.fromkeys((row["id"] for row in _lines(path)), now)
        self._begin(now)

    def _begin(self, now: datetime) -> None:
        path = self.folder / f"{CALLS}.{self._number + 1:06d}.jsonl"
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            sync_folder(self.folder)
        except OSError:
            os.close(file)
            path.unlink()
            raise
        self._file, self._path, self._number = file, path, self._number + 1
        self._since, self._size = now, 0

    def append(self, rows: Iterable[Row], now: datetime) -> list[Row]:
        """Write rows whose message id is new, and wait until they are on disk. Returns these rows, in their order.

        Raises OSError if the disk takes no more. Then none of the rows was taken.
        """
        new: dict[str, Row] = {}
        for row in rows:
            if row.message_id not in self._known:
                new.setdefault(row.message_id, row)
        lines = b"".join(_line({"table": row.table, "row": row.columns}) for row in new.values())
        try:
            _write_all(self._file, lines)
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(lines)
        self._known |= dict.fromkeys(new, now)
        return list(new.values())

    def is_due(self, now: datetime) -> bool:
        """Whether calls have waited long enough for a run to take them in. A clock that was set back does not matter."""
        return (
            bool(self._size) and abs((now - self._since).total_seconds()) >= self.seconds_per_file
        )

    def finish(self, now: datetime) -> None:
        """Let a run take in what was taken so far. Calls of more than a day ago are no longer remembered.

        Raises OSError if the disk takes no more. Then it is as it was, or what is left to do is done the next time.
        """
        old, path = self._file, self._path
        self._begin(now)
        os.close(old)
        self._undivided.append(path)
        self._known = {key: at for key, at in self._known.items() if at > now - REMEMBERED}
        self._divide()

    def _divide(self) -> None:
        while self._undivided:
            _divide(self._undivided[0])
            self._undivided.pop(0)

    def close(self, now: datetime) -> None:
        """Finish the last file, and let another process open the folder."""
        self.finish(now)
        os.close(self._file)
        self._path.unlink()
        os.close(self._lock)


def _locked(folder: Path) -> int:
    lock = os.open(folder / "_lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise UserError(
            f"Another process writes into {folder}. Stop it, or choose another folder."
        ) from None
    return lock


def _files(folder: Path) -> list[tuple[int, str, Path]]:
    """Number, table and path of the files of the log, in their order. Others in the folder are left alone."""
    found = [
        (re.fullmatch(r"(\w+)\.([0-9]{6,})\.jsonl", path.name), path) for path in folder.iterdir()
    ]
    return sorted(
        (int(match[2]), match[1], path)
        for match, path in found
        if match and match[1] in TABLE_NAMES
    )


def _divide(path: Path) -> None:
    """Divide a file of calls into one a table. To do so twice gives the same files."""
    by_table: dict[str, list[bytes]] = {}
    for call in _lines(path):
        by_table.setdefault(call["table"], []).append(_line(call["row"]))
    for table, lines in by_table.items():
        hidden = path.with_name(f"_writing.{table}")
        with hidden.open("wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        hidden.replace(path.with_name(path.name.replace(CALLS, table, 1)))
    sync_folder(path.parent)
    path.unlink()


def _cut_unfinished_line(path: Path) -> None:
    written = path.read_bytes()
    os.truncate(path, written.rfind(b"\n") + 1)


def _lines(path: Path) -> Iterator[dict]:
    with path.open("rb") as file:
        yield from map(json.loads, file)


def _line(value: dict) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _write_all(file: int, data: bytes) -> None:
    """A disk that is nearly full takes a part."""
    while data:
        data = data[os.write(file, data) :]
