"""What git knows of the project and of each segment's rule: who changed it, when, and who agreed.

Read when a page is written, and never kept in a table: it names people.
"""

import re
import subprocess
from dataclasses import dataclass

from audiencekit.workspace import IS_CLONE, PROJECT

RULES = "models/segments/rules"
RULE = re.compile(rf"{RULES}/seg_(?P<segment>\w+)\.(?:sql|yml)")
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


def is_history_cut() -> bool:
    """Whether git has the last commits only (a shallow clone), which would put all changes on the oldest of them."""
    return (_git("rev-parse", "--is-shallow-repository") or "").strip() == "true"


def changes_by_segment() -> dict[str, list[Change]]:
    """Every commit that touched a rule, newest first, by the segment's name of today.

    Empty outside git and where history is cut. Who agreed is read from the trailers Approved-by, Reviewed-by and
    Acked-by of the commit, and of the merge that brought it. A change that is not committed stands first.
    """
    if is_history_cut():
        return {}
    found: dict[str, list[Change]] = {}
    for line in (_git("status", "--porcelain", "--", RULES) or "").splitlines():
        if match := RULE.search(line):
            found[match["segment"]] = [Change("", "", "", "not committed yet", ())]
    brought = _agreed_by_merge()
    today: dict[str, str] = {}  # a rule's older name to the one of today
    for entry in _entries("--no-merges", "--name-status", "-M"):
        commit, on, author, subject, agreed, files = entry
        names = {*agreed, *brought.get(commit, ())} - {author}
        change = Change(commit[:9], on, author, subject, tuple(sorted(names)))
        segments = []
        for line in files.splitlines():
            codes = [match["segment"] for match in RULE.finditer(line)]
            if not codes:
                continue
            segment = today.get(codes[-1], codes[-1])
            today |= {codes[0]: segment} if line.startswith("R") else {}
            segments += [segment] if segment not in segments else []
        for segment in segments:
            found.setdefault(segment, []).append(change)
    return found


def _agreed_by_merge() -> dict[str, set[str]]:
    """Who agreed to a commit by the trailers of the merge that brought it."""
    brought: dict[str, set[str]] = {}
    for merge, _, _, _, agreed, _ in _entries("--merges", "--first-parent", "-m", "--name-only"):
        if agreed:
            for commit in (_git("rev-list", f"{merge}^1..{merge}") or "").split():
                brought.setdefault(commit, set()).update(agreed)
    return brought


def _entries(*options: str) -> list[tuple[str, str, str, str, set[str], str]]:
    """Commit, date, author, subject, who agreed and the files' lines of each commit that touched a rule."""
    trailers = "%x1f".join(f"%(trailers:key={key},valueonly,separator=%x1d)" for key in AGREED)
    form = f"%x1e%H%x1f%as%x1f%an%x1f%s%x1f{trailers}%x1f"
    log = _git("log", *options, f"--format={form}", "--", RULES) or ""
    entries = []
    for entry in log.split("\x1e")[1:]:
        commit, on, author, subject, *agreed, files = entry.split("\x1f")
        names = (name.split("<")[0].strip() for text in agreed for name in text.split("\x1d"))
        entries.append((commit, on, author, subject, {name for name in names if name}, files))
    return entries


def _git(*arguments: str) -> str | None:
    """What git prints in the project's folder; None where there is no git or no repository.

    An installed package may be inside another project's repository, whose history is not its own.
    """
    if not IS_CLONE:
        return None
    try:
        run = subprocess.run(
            ["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout
