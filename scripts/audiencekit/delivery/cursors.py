"""What a sender keeps about a receiver: its cursor, and the changes that the receiver did not accept.

    <home>/delivery/<kind>-<hash of address and channel>/
        cursor.json           {"change_seq": 4711}: all changes up to here are acknowledged or set aside
        dead_letters.jsonl    change_seq, audience_row_id, action and class of error, a line a change

They hold keys only and no identifiers, so an erased person cannot be found in them.
"""

import fcntl
import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from audiencekit.atomic_files import write_atomically
from audiencekit.errors import UserError
from audiencekit.workspace import Workspace


@dataclass(frozen=True)
class DeadLetter:
    """A change that the receiver did not accept, and why: a class of error, no content."""

    change_seq: int
    audience_row_id: str
    action: str
    error: str


def receiver_folder(workspace: Workspace, kind: str, url: str, channel: str | None) -> Path:
    """The folder for one receiver and channel. The address is hashed, because it may hold a token."""
    name = hashlib.sha256(f"{url}\n{channel or ''}".encode()).hexdigest()[:16]
    return workspace.home / "delivery" / f"{kind}-{name}"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a receiver for one run. Raises UserError if another run holds the lock.

    The kernel releases the lock when a process dies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"Another process is delivering to this receiver ({folder}). Wait until it ends."
            ) from None
        yield


def read_cursor(folder: Path) -> int:
    """The change_seq up to which every change is done, 0 at first."""
    path = folder / "cursor.json"
    if not path.exists():
        return 0
    try:
        return int(json.loads(path.read_text())["change_seq"])
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"{path} cannot be read. Delete it to send all changes again, with the same keys."
        ) from None


def save_cursor(folder: Path, change_seq: int) -> None:
    write_atomically(folder / "cursor.json", json.dumps({"change_seq": change_seq}) + "\n")


def read_dead_letters(folder: Path) -> list[DeadLetter]:
    """The dead letters in the order of change_seq."""
    path = folder / "dead_letters.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return sorted((DeadLetter(**json.loads(line)) for line in lines), key=lambda x: x.change_seq)


def add_dead_letters(folder: Path, letters: Iterable[DeadLetter]) -> None:
    """Keep one letter for each change: a later failure replaces an earlier one."""
    earlier = {letter.change_seq: letter for letter in read_dead_letters(folder)}
    _save_letters(folder, earlier | {letter.change_seq: letter for letter in letters})


def drop_dead_letters(folder: Path, change_seqs: Iterable[int]) -> None:
    letters = {letter.change_seq: letter for letter in read_dead_letters(folder)}
    done = set(change_seqs) & letters.keys()
    if done:
        _save_letters(folder, {seq: x for seq, x in letters.items() if seq not in done})


def _save_letters(folder: Path, letters: dict[int, DeadLetter]) -> None:
    lines = (json.dumps(asdict(letters[seq])) + "\n" for seq in sorted(letters))
    write_atomically(folder / "dead_letters.jsonl", "".join(lines))
