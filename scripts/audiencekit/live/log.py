"""The log of calls: every call once, on disk before it is acknowledged, never changed afterwards.

<folder>/_calls.000007.jsonl   calls of the last minute, of every table; a run skips names that begin with _
<folder>/tracks.000006.jsonl   the calls before, a file a table, as a run takes them in
<folder>/_held.000006.jsonl    calls that may state a refusal in a way that no run reads
"""

import os
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from audiencekit.intake.call_logs import FILE
from audiencekit.live.adapted import HELD, NOT_READ, PREFERENCES
from audiencekit.live.calls import TABLES, Row
from audiencekit.live.line_files import LineFile, line_of, lock_folder, read_lines, write_lines

CALLS = "_calls"
TABLE_NAMES = {CALLS, HELD, NOT_READ, PREFERENCES, *(table for table, _ in TABLES.values())}

# How many calls are taken in together.
TOGETHER = 5_000
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
        self._lock = lock_folder(folder)
        files = _files(folder)
        self._number = max((number for number, _, _ in files), default=0)
        for _, table, path in files:
            if table == CALLS:
                LineFile(path, is_new=False).close()
                self._undivided.append(path)
        self._divide()
        for _, _, path in _files(folder):
            if datetime.fromtimestamp(path.stat().st_mtime, now.tzinfo) > now - REMEMBERED:
                self._known |= dict.fromkeys((row["id"] for row in read_lines(path)), now)
        self._begin(now)

    def _begin(self, now: datetime) -> None:
        number = self._number + 1
        self._file = LineFile(self.folder / f"{CALLS}.{number:06d}.jsonl", is_new=True)
        self._number, self._since = number, now

    def append(self, rows: Iterable[Row], now: datetime) -> list[Row]:
        """Write rows whose message id is new, and wait until they are on disk. Returns these rows, in their order.

        Raises OSError if the disk takes no more. Then none of the rows was taken.
        """
        new: dict[str, Row] = {}
        for row in rows:
            if row.message_id not in self._known:
                new.setdefault(row.message_id, row)
        lines = (line_of({"table": row.table, "row": row.columns}) for row in new.values())
        self._file.append(b"".join(lines))
        self._known |= dict.fromkeys(new, now)
        return list(new.values())

    def is_due(self, now: datetime) -> bool:
        """Whether calls have waited long enough for a run to take them in. A clock that was set back does not matter."""
        return (
            bool(self._file.size)
            and abs((now - self._since).total_seconds()) >= self.seconds_per_file
        )

    def finish(self, now: datetime) -> None:
        """Let a run take in what was taken so far. Calls of more than a day ago are no longer remembered.

        Raises OSError if the disk takes no more. Then it is as it was, or what is left to do is done the next time.
        """
        old = self._file
        self._begin(now)
        old.close()
        self._undivided.append(old.path)
        self._known = {key: at for key, at in self._known.items() if at > now - REMEMBERED}
        self._divide()

    def _divide(self) -> None:
        while self._undivided:
            _divide(self._undivided[0])
            self._undivided.pop(0)

    def close(self, now: datetime) -> None:
        """Finish the last file, and let another process open the folder."""
        self.finish(now)
        self._file.close()
        self._file.path.unlink()
        os.close(self._lock)

    @property
    def number(self) -> int:
        """The number of the file that is written."""
        return self._number

    def calls_since(self, number: int) -> Iterator[Row]:
        """The calls of the files from this number on, in the order of the files. Any thread may read them."""
        for each in sorted({each for each, _, _ in _files(self.folder) if each >= number}):
            yield from _calls_of(self.folder, each)


def in_parts(calls: Iterable[Row]) -> Iterator[list[Row]]:
    """Calls in parts that are taken in together."""
    iterator = iter(calls)
    while part := list(islice(iterator, TOGETHER)):
        yield part


def _calls_of(folder: Path, number: int) -> Iterator[Row]:
    try:
        calls = list(read_lines(folder / f"{CALLS}.{number:06d}.jsonl"))
    except FileNotFoundError:
        # It is divided, or was a moment ago: then the files of its tables are whole.
        for each, table, path in _files(folder):
            if each == number:
                yield from (Row(table, columns) for columns in read_lines(path))
        return
    yield from (Row(call["table"], call["row"]) for call in calls)


def _files(folder: Path) -> list[tuple[int, str, Path]]:
    """Number, table and path of the files of the log, in their order. Others in the folder are left alone."""
    found = [(FILE.fullmatch(path.name), path) for path in folder.iterdir()]
    return sorted(
        (int(match[2]), match[1], path)
        for match, path in found
        if match and match[1] in TABLE_NAMES
    )


def _divide(path: Path) -> None:
    """Divide a file of calls into one a table. To do so twice gives the same files."""
    by_table: dict[str, list[bytes]] = {}
    for call in read_lines(path):
        by_table.setdefault(call["table"], []).append(line_of(call["row"]))
    for table, lines in by_table.items():
        write_lines(path.with_name(path.name.replace(CALLS, table, 1)), b"".join(lines))
    path.unlink()
