"""The journal: every change that was announced, once, under one number, on disk before anybody hears of it.

<home>/live/changes.000000000001.jsonl   changes from this change_seq on, one a line
<home>/live/announced.jsonl              who was in which segment as of a change_seq: what customers have in common is one line,
                                         and many of these customers are one line after it

Both together have what others know, so that a restart announces what is different and nothing else.
"""

import os
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from audiencekit.errors import UserError
from audiencekit.live.changes import LEFT, Change, Reasons, as_json
from audiencekit.live.line_files import LineFile, line_of, lock_folder, read_lines, write_lines

# How long a receiver may be away and still get every change.
KEPT = timedelta(days=30)
# How many changes are read from memory, by receivers that keep up.
RECENT = 10_000
_ANNOUNCED = "announced.jsonl"
# How many customers of the snapshot are in one line: a million lines take long to read.
_IN_LINE = 1_000


class Journal:
    """The changes in one folder. One process has it open; one thread appends, and any may read.

    `last_seq` is the number of the last change on disk, 0 before the first. Raises UserError where another process has it
    open.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = lock_folder(folder)
        self._recent: deque[dict[str, Any]] = deque(maxlen=RECENT)
        self.last_seq = self._seq_of_snapshot()
        files = self._files()
        self._file = self._open(files[-1][1] if files else None)
        for change in self._on_disk(self.last_seq):
            self.last_seq = change["change_seq"]
            self._recent.append(change)

    def _open(self, path: Path | None = None) -> LineFile:
        if path:
            return LineFile(path, is_new=False)
        return LineFile(self._folder / f"changes.{self.last_seq + 1:012d}.jsonl", is_new=True)

    def _files(self) -> list[tuple[int, Path]]:
        """The number of the first change of each file, in order."""
        found = [
            (re.fullmatch(r"changes\.([0-9]{12,})\.jsonl", path.name), path)
            for path in self._folder.iterdir()
        ]
        return sorted((int(match[1]), path) for match, path in found if match)

    def append(self, changes: Sequence[Change], build_id: str) -> list[dict[str, Any]]:
        """Number changes, and write them. Returns them as they are announced, once they are on disk.

        Raises OSError if the disk takes no more. Then none of them was written, and none has a number.
        """
        if not changes:
            return []
        numbered = [
            as_json(change, number, build_id)
            for number, change in enumerate(changes, start=self.last_seq + 1)
        ]
        self._file.append(b"".join(map(line_of, numbered)))
        self._recent.extend(numbered)
        self.last_seq += len(numbered)
        return numbered

    def read(self, after: int, limit: int) -> list[dict[str, Any]]:
        """Up to `limit` changes after a change_seq, in order. Those older than KEPT may be gone."""
        recent = list(self._recent)
        if after >= self.last_seq:
            return []
        if recent and recent[0]["change_seq"] <= after + 1:
            return [change for change in recent if change["change_seq"] > after][:limit]
        found: list[dict[str, Any]] = []
        for change in self._on_disk(after):
            if len(found) == limit or change["change_seq"] > self.last_seq:
                break
            found.append(change)
        return found

    def _on_disk(self, after: int) -> Iterator[dict[str, Any]]:
        files = self._files()
        for place, (_, path) in enumerate(files):
            if place + 1 < len(files) and files[place + 1][0] <= after + 1:
                continue
            for change in read_lines(path):
                if change["change_seq"] > after:
                    yield change

    def announced(self) -> dict[str, dict[str, Reasons]] | None:
        """The segments of each customer, as they were announced last. None before the first snapshot."""
        seq, members = self._read_snapshot()
        if members is None:
            return None
        for change in self._on_disk(seq):
            # Others may have the same segments.
            segments = dict(members.get(change["customer_key"], {}))
            members[change["customer_key"]] = segments
            if change["action"] == LEFT:
                segments.pop(change["segment_code"], None)
            else:
                segments[change["segment_code"]] = tuple(change["channels"].items())
        return members

    def _seq_of_snapshot(self) -> int:
        path = self._folder / _ANNOUNCED
        return next(read_lines(path))[0] if path.exists() else 0

    def _read_snapshot(self) -> tuple[int, dict[str, dict[str, Reasons]] | None]:
        path = self._folder / _ANNOUNCED
        if not path.exists():
            return 0, None
        lines = read_lines(path)
        (seq,) = next(lines)
        kind: dict[str, Reasons] = {}
        members: dict[str, dict[str, Reasons]] = {}
        for line in lines:
            match line:
                case {"segments": segments}:
                    kind = {s: tuple(reasons.items()) for s, reasons in segments.items()}
                case {"customers": keys}:
                    members.update(dict.fromkeys(keys, kind))
                case _:
                    raise UserError(
                        f"{path} was written by another version of audiencekit. Remove it: members of the published build "
                        "are taken as announced then."
                    )
        return seq, members

    def settle(self, members: Mapping[str, Mapping[str, Reasons]], now: datetime) -> None:
        """Write who is in which segment as of the last change, begin a new file, and drop what is older than KEPT.

        Changes of customers who were gone the last time already, and are gone now, go from older files as well: they
        were erased, or are part of another customer. `now` is UTC with its zone.
        """
        _, before = self._read_snapshot()
        kinds: dict[int, Mapping[str, Reasons]] = {}
        keys: dict[int, list[str]] = {}
        for key, segments in members.items():
            # Customers of one kind have the same object.
            kinds[id(segments)] = segments
            keys.setdefault(id(segments), []).append(key)
        lines = [line_of([self.last_seq])]
        for number, segments in kinds.items():
            lines.append(line_of({"segments": {s: dict(of) for s, of in segments.items()}}))
            starts = range(0, len(keys[number]), _IN_LINE)
            parts = (keys[number][start : start + _IN_LINE] for start in starts)
            lines += [line_of({"customers": part}) for part in parts]
        old = self._files()
        if self._file.size:
            full, self._file = self._file, self._open()
            full.close()
        write_lines(self._folder / _ANNOUNCED, b"".join(lines))

        def is_kept(change: Mapping[str, Any]) -> bool:
            return change["customer_key"] in members or change["customer_key"] in (before or ())

        self._recent = deque(filter(is_kept, self._recent), RECENT)
        gone_from = now - KEPT
        for first, path in old:
            if first > self.last_seq:
                continue
            if datetime.fromtimestamp(path.stat().st_mtime, now.tzinfo) < gone_from:
                path.unlink()
            else:
                _keep(path, is_kept)

    def close(self) -> None:
        """Let another process open the folder."""
        self._file.close()
        os.close(self._lock)


def _keep(path: Path, is_kept: Callable[[Mapping[str, Any]], bool]) -> None:
    """Write a file anew without all other changes, if it has any."""
    changes = list(read_lines(path))
    kept = list(filter(is_kept, changes))
    if len(kept) < len(changes):
        at = path.stat().st_mtime
        write_lines(path, b"".join(map(line_of, kept)))
        os.utime(path, (at, at))
