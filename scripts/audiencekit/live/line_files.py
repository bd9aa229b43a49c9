"""Files of JSON lines that are only appended to, on disk before anybody hears of it, by one process a folder."""

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audiencekit.atomic_files import sync
from audiencekit.errors import UserError


class LineFile:
    """A file that lines are appended to. `size` is in bytes. A last line that was not written whole goes."""

    def __init__(self, path: Path, is_new: bool):
        """Raises OSError if the disk takes no more, and FileExistsError where a new file exists already."""
        self.path = path
        if not is_new:
            _cut_unfinished_line(path)
        flags = os.O_WRONLY | os.O_APPEND | (os.O_CREAT | os.O_EXCL if is_new else 0)
        self._file = os.open(path, flags, 0o600)
        self.size = os.fstat(self._file).st_size
        try:
            sync(path.parent)
        except OSError:
            os.close(self._file)
            path.unlink()
            raise

    def append(self, lines: bytes) -> None:
        """Write whole lines, and wait until they are on disk. Raises OSError if it takes no more: then it has none of them."""
        try:
            left = lines
            while left:
                # A disk that is nearly full takes a part.
                left = left[os.write(self._file, left) :]
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        self.size += len(lines)

    def close(self) -> None:
        os.close(self._file)


def lock_folder(folder: Path) -> int:
    """Lock a folder until the handle is closed, or the process dies. Raises UserError where another process has it locked."""
    lock = os.open(folder / "_lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise UserError(
            f"Another process writes into {folder}. Stop it, or choose another folder."
        ) from None
    return lock


def is_locked(folder: Path) -> bool:
    """Whether another process has a folder locked."""
    try:
        os.close(lock_folder(folder))
    except UserError:
        return True
    return False


def read_lines(path: Path) -> Iterator[Any]:
    """The values of a file, up to the last line that is written whole."""
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield json.loads(line)


def line_of(value: Any) -> bytes:
    """A value as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def write_lines(path: Path, lines: bytes) -> None:
    """Write a whole file, so that a reader finds all of it or nothing, also after a crash."""
    hidden = path.with_name(f"_writing.{path.name}")
    with hidden.open("wb") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
    hidden.replace(path)
    sync(path.parent)


def _cut_unfinished_line(path: Path) -> None:
    written = path.read_bytes()
    os.truncate(path, written.rfind(b"\n") + 1)
