"""Where a run writes: everything is under one folder, AUDIENCEKIT_HOME."""

import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from audiencekit.dbt_project import IS_CLONE, OWN_PROJECT, PROJECT
from audiencekit.errors import UserError

# What to type where nothing has been built or published yet.
FIRST_STEP = (
    "Run `audiencekit run FOLDER` first."
    if OWN_PROJECT
    else "Run `make demo` or `make run LANDING=folder` first."
    if IS_CLONE
    else "Run `audiencekit demo` or `audiencekit run FOLDER` first."
)


# Who holds a workspace for a moment only.
REFRESH = "refresh"


@dataclass(frozen=True)
class Workspace:
    """Paths of one AUDIENCEKIT_HOME."""

    home: Path

    @property
    def intake(self) -> Path:
        """Checked and typed landing tables, one Parquet file each, and the rejected rows."""
        return self.home / "intake"

    @property
    def checked_files(self) -> Path:
        """What intake knows of files that it has checked, so that it does not read them again."""
        return self.intake / "checked"

    @property
    def last_intake(self) -> Path:
        """The landing tables of the last published build, without the people it erased."""
        return self.intake / "last"

    @property
    def warehouse(self) -> Path:
        """The private DuckDB file that a build writes. No other tool reads it."""
        return self.home / "warehouse.duckdb"

    @property
    def data_docs(self) -> Path:
        """Great Expectations Data Docs of the last run."""
        return self.home / "data_docs"

    @property
    def boards(self) -> Path:
        """The boards, as last drawn."""
        return self.home / "boards"

    @property
    def playbooks(self) -> Path:
        """A page for each segment."""
        return self.home / "playbooks"

    @property
    def shared(self) -> Path:
        """Aggregates exported for others, and the ledger of what they cost."""
        return self.home / "shared"

    @property
    def published(self) -> Path:
        """What other tools read: `current` points at one complete generation."""
        return self.home / "published"

    @property
    def generations(self) -> Path:
        return self.published / "generations"

    @property
    def current(self) -> Path:
        return self.published / "current"

    @property
    def ledger(self) -> Path:
        """Append-only history up to the current generation: one Parquet file per build and table."""
        return self.current / "ledger"

    def as_environment(self) -> dict[str, str]:
        """The environment dbt needs to find this workspace."""
        return {"AUDIENCEKIT_HOME": str(_plain(self.home))}

    @contextmanager
    def locked(self, what: str = "") -> Iterator[None]:
        """Hold the workspace for one run, or for `what` else. Raises UserError if another run holds it.

        A run waits for a refresh, which takes a moment, so that the two can be scheduled independently.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / ".lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip()
                if what or not holder.endswith(REFRESH):
                    job = "refresh" if holder.endswith(REFRESH) else "run"
                    raise UserError(
                        f"Another {job} (process {holder.split(' ')[0] or '?'}) is at work in "
                        f"{self.home}. Wait for it, or set AUDIENCEKIT_HOME to another folder."
                    ) from None
                fcntl.flock(lock, fcntl.LOCK_EX)
            lock.truncate(0)
            lock.write(f"{os.getpid()} {what}".strip())
            lock.flush()
            try:
                yield
            finally:
                lock.truncate(0)

    @property
    def killed_run(self) -> str:
        """The process of a run that was killed before it could say so; empty if there is none.

        A run leaves its number in the lock file only if it had no time to remove it.
        """
        path = self.home / ".lock"
        if not path.exists():
            return ""
        with path.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return ""
            holder = lock.read().strip()
        # What a refresh did not end, the next one does.
        return "" if holder.endswith(REFRESH) else holder


def _plain(home: Path) -> Path:
    """A path to `home` that dbt and SQL take as it is: a link to it where it has brackets, quotes or the like.

    Raises UserError if somebody else has a link of this name.
    """
    if re.fullmatch(r"[\w/. +,@~-]+", str(home)):
        return home
    digest = hashlib.sha256(str(home).encode()).hexdigest()[:16]
    link = Path(tempfile.gettempdir()) / f"audiencekit-{os.getuid()}-{digest}"
    with suppress(FileExistsError):
        link.symlink_to(home, target_is_directory=True)
    if link.lstat().st_uid != os.getuid() or link.resolve() != home.resolve():
        raise UserError(
            f"{link} is not a link to {home}. Remove it, or set AUDIENCEKIT_HOME to another folder."
        )
    return link


def open_workspace(home: str | Path | None = None) -> Workspace:
    """The workspace at `home`, or else at AUDIENCEKIT_HOME.

    Without either it is `var` in a project of one's own or in a clone, and `audiencekit-home` in the current folder
    after `pip install`.
    """
    default = Path("audiencekit-home")
    if OWN_PROJECT or IS_CLONE:
        default = (OWN_PROJECT or PROJECT) / "var"
    return Workspace(Path(home or os.environ.get("AUDIENCEKIT_HOME") or default).resolve())


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables within a block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
