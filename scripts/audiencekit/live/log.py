"""The log of calls: every call once, on disk before it is acknowledged, never changed afterwards.

<folder>/_calls.000007.jsonl   calls of the last minute, of every table; a run skips names that begin with _
<folder>/tracks.000006.jsonl   the calls before, a file a table, as a run takes them in
"""

import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from audiencekit.atomic_files import sync_folder
from audiencekit.live.calls import Row

# How long a call is remembered, so that it counts once if it comes again. Segment does so for a day.
REMEMBERED = timedelta(days=1)


class CallLog:
    """The files of one folder. One thread writes them.

    Opening it takes up where the last process ended. A line that was not written whole was never acknowledged, and
    goes. `seconds_per_file` says after how long a run can take calls in.
    """

    def __init__(self, folder: Path, now: datetime, seconds_per_file: float = 60):
        self.folder = folder
        self.seconds_per_file = seconds_per_file
        self._known: dict[str, datetime] = {}
        folder.mkdir(parents=True, exist_ok=True)
        finished = [int(path.name.split(".")[1]) for path in folder.glob("[a-z]*.*.jsonl")]
        self._number = max(finished, default=0)
        for path in sorted(folder.glob("_calls.*.jsonl")):
            _cut_unfinished_line(path)
            self._number = int(path.name.split(".")[1])
            self._finish(path)
        for path in folder.glob("[a-z]*.*.jsonl"):
            if datetime.fromtimestamp(path.stat().st_mtime, now.tzinfo) > now - REMEMBERED:
                self._known |= dict.fromkeys((row["id"] for row in _lines(path)), now)
        self._begin(now)

    def _begin(self, now: datetime) -> None:
        self._number += 1
        self._path = self.folder / f"_calls.{self._number:06d}.jsonl"
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._since, self._size = now, 0
        sync_folder(self.folder)

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
        if self._size and (now - self._since).total_seconds() >= self.seconds_per_file:
            self.finish(now)
        return list(new.values())

    def finish(self, now: datetime) -> None:
        """Let a run take in what was taken so far. Calls of more than a day ago are no longer remembered."""
        os.close(self._file)
        self._finish(self._path)
        self._known = {key: at for key, at in self._known.items() if at > now - REMEMBERED}
        self._begin(now)

    def _finish(self, path: Path) -> None:
        """Divide a file of calls into one a table. To do so twice gives the same files."""
        by_table: dict[str, list[bytes]] = {}
        for call in _lines(path):
            by_table.setdefault(call["table"], []).append(_line(call["row"]))
        for table, lines in by_table.items():
            hidden = path.with_name(f"_{table}.writing")
            with hidden.open("wb") as file:
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())
            hidden.replace(path.with_name(path.name.replace("_calls", table)))
        sync_folder(self.folder)
        path.unlink()

    def close(self, now: datetime) -> None:
        """Finish the last file."""
        self.finish(now)
        os.close(self._file)
        self._path.unlink()


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
