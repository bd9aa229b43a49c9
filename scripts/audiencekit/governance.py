"""What git knows of the project and of each segment's rule: who changed it, when, and who agreed.

Read when a page is written, and never kept in a table: it names people.
"""

import subprocess
from dataclasses import dataclass

from audiencekit.workspace import PROJECT

RULES = "models/segments/rules"
AGREED = ("Approved-by", "Reviewed-by", "Acked-by")


@dataclass(frozen=True)
class Change:
    """One commit that touched a segment's rule or its YAML. `approved_by` are names other than the author's."""

    commit: str
    on: str  # the author's date, YYYY-MM-DD
    author: str
    subject: str
    approved_by: tuple[str, ...]


def project_commit() -> str:
    """The project's git commit, with + when the checkout differs from it; '' outside git."""
    return (_git("describe", "--always", "--dirty=+", "--abbrev=12") or "").strip()


def changes_by_segment() -> dict[str, list[Change]]:
    """Every commit that touched a rule, newest first, by segment; empty outside git.

    Who agreed is read from the trailers Approved-by, Reviewed-by and Acked-by of its message. A change that is not
    committed stands first, without a commit.
    """
    trailers = "%x1f".join(f"%(trailers:key={key},valueonly,separator=%x1d)" for key in AGREED)
    form = f"%x1e%h%x1f%as%x1f%an%x1f%s%x1f{trailers}%x1f"
    log = _git("log", "--no-merges", "--name-only", f"--format={form}", "--", RULES)
    found: dict[str, list[Change]] = {}
    for segment in _segments_in((_git("status", "--porcelain", "--", RULES) or "").splitlines()):
        found[segment] = [Change("", "", "", "not committed yet", ())]
    for entry in (log or "").split("\x1e")[1:]:
        commit, on, author, subject, *agreed, files = entry.split("\x1f")
        names = (name.split("<")[0].strip() for text in agreed for name in text.split("\x1d"))
        approved_by = tuple(sorted({name for name in names if name and name != author}))
        for segment in _segments_in(files.splitlines()):
            change = Change(commit, on, author, subject, approved_by)
            found.setdefault(segment, []).append(change)
    return found


def _segments_in(lines: list[str]) -> list[str]:
    stems = {line.rsplit("/", 1)[-1].split(".")[0] for line in lines if f"{RULES}/seg_" in line}
    return sorted(stem.removeprefix("seg_") for stem in stems)


def _git(*arguments: str) -> str | None:
    """What git prints in the project's folder; None where there is no git or no repository."""
    try:
        run = subprocess.run(
            ["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout
