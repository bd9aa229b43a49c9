"""What a sender remembers of a receiver: how far it got, and what was not taken.

    <home>/delivery/<kind>-<hash of address and channel>/
        cursor.json           {"change_seq": 4711}: all up to here is acknowledged or set aside
        dead_letters.jsonl    change_seq, audience_row_id, action and class of error, a line a change

Keys only: no identifiers, so that an erased person is found nowhere here.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from audiencekit.errors import UserError
from audiencekit.workspace import Workspace


@dataclass(frozen=True)
class DeadLetter:
    """A change that the receiver did not take, and why: a class of error, no content."""

    change_seq: int
    audience_row_id: str
    action: str
    error: str


def receiver_folder(workspace: Workspace, kind: str, url: str, channel: str | None) -> Path:
    """Where what concerns one receiver and channel is kept. The address is hashed: it may hold a token."""
    name = hashlib.sha256(f"{url}\n{channel or ''}".encode()).hexdigest()[:16]
    return workspace.home / "delivery" / f"{kind}-{name}"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a receiver for one run. Raises UserError if another run holds it; the kernel lets go of
    the lock when a process dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"Another process is delivering to this receiver ({folder}). Wait for it."
            ) from None
        yield


def read_cursor(folder: Path) -> int:
    """The change_seq up to which all is done, 0 at first."""
    path = folder / "cursor.json"
    if not path.exists():
        return 0
    try:
        return int(json.loads(path.read_text())["change_seq"])
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"{path} cannot be read. Delete it to send all changes again; they carry the same keys."
        ) from None


def save_cursor(folder: Path, change_seq: int) -> None:
    _replace(folder / "cursor.json", json.dumps({"change_seq": change_seq}) + "\n")


def read_dead_letters(folder: Path) -> list[DeadLetter]:
    """Letters in the order of change_seq."""
    path = folder / "dead_letters.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return sorted((DeadLetter(**json.loads(line)) for line in lines), key=lambda x: x.change_seq)


def add_dead_letters(folder: Path, letters: Iterable[DeadLetter]) -> None:
    """One letter a change: a later failure replaces the earlier."""
    kept = {letter.change_seq: letter for letter in read_dead_letters(folder)}
    _save_letters(folder, kept | {letter.change_seq: letter for letter in letters})


def drop_dead_letters(folder: Path, change_seqs: Iterable[int]) -> None:
    letters = {letter.change_seq: letter for letter in read_dead_letters(folder)}
    gone = set(change_seqs) & letters.keys()
    if gone:
        _save_letters(folder, {seq: x for seq, x in letters.items() if seq not in gone})


def _save_letters(folder: Path, letters: dict[int, DeadLetter]) -> None:
    lines = (json.dumps(asdict(letters[seq])) + "\n" for seq in sorted(letters))
    _replace(folder / "dead_letters.jsonl", "".join(lines))


def _replace(path: Path, text: str) -> None:
    """Write a file in one atomic step, so that a killed process leaves the old one or the new one."""
    new = path.with_suffix(".new")
    with new.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
