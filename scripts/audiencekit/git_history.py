"""The git history of the project and of each segment's rule: who changed it, when, and who approved it.

It is read when a page is written, and never stored in a table, because it names people.
"""

import re
import subprocess
from dataclasses import dataclass

from audiencekit.dbt_project import IS_CLONE, OWN_PROJECT, PROJECT_IN_USE

RULES = "models/segments/rules"
RULE = re.compile(rf"{RULES}/seg_(?P<segment>\w+)\.(?:sql|yml)")
APPROVAL_TRAILERS = ("Approved-by", "Reviewed-by", "Acked-by")


@dataclass(frozen=True)
class Change:
    """One commit that changed a segment's rule or its YAML. `approved_by` holds names other than the author's."""

    commit: str
    on: str  # the author's date, YYYY-MM-DD
    author: str
    subject: str
    approved_by: tuple[str, ...]


def project_commit() -> str:
    """The project's git commit, with + when the checkout differs from it; '' outside git."""
    return (_git("describe", "--always", "--dirty=+", "--abbrev=12") or "").strip()


def is_history_cut() -> bool:
    """Whether git has only the last commits (a shallow clone). All changes would seem to be in the oldest of them."""
    return (_git("rev-parse", "--is-shallow-repository") or "").strip() == "true"


def changes_by_segment() -> dict[str, list[Change]]:
    """Every commit that changed a rule, newest first, by the segment's current name.

    Empty outside git and where history is cut. Approvals are read from the trailers Approved-by, Reviewed-by and
    Acked-by of the commit, and of the merge that contains it. A change that is not committed comes first.
    """
    if is_history_cut():
        return {}
    changes: dict[str, list[Change]] = {}
    for line in (_git("status", "--porcelain", "--", RULES) or "").splitlines():
        if match := RULE.search(line):
            changes[match["segment"]] = [Change("", "", "", "not committed yet", ())]
    approved_in_merge = _approvals_by_merge()
    current_names: dict[str, str] = {}  # a rule's earlier name -> its current one
    for entry in _entries("--no-merges", "--name-status", "-M"):
        commit, on, author, subject, approved, files = entry
        names = {*approved, *approved_in_merge.get(commit, ())} - {author}
        change = Change(commit[:9], on, author, subject, tuple(sorted(names)))
        segments = []
        for line in files.splitlines():
            codes = [match["segment"] for match in RULE.finditer(line)]
            if not codes:
                continue
            segment = current_names.get(codes[-1], codes[-1])
            current_names |= {codes[0]: segment} if line.startswith("R") else {}
            segments += [segment] if segment not in segments else []
        for segment in segments:
            changes.setdefault(segment, []).append(change)
    return changes


def _approvals_by_merge() -> dict[str, set[str]]:
    """Who approved a commit, by the trailers of the merge that contains it."""
    approvals: dict[str, set[str]] = {}
    for merge, _, _, _, approved, _ in _entries("--merges", "--first-parent", "-m", "--name-only"):
        if approved:
            for commit in (_git("rev-list", f"{merge}^1..{merge}") or "").split():
                approvals.setdefault(commit, set()).update(approved)
    return approvals


def _entries(*options: str) -> list[tuple[str, str, str, str, set[str], str]]:
    """Commit, date, author, subject, who approved it and the lines of changed files, for each commit that changed a rule."""
    trailers = "%x1f".join(
        f"%(trailers:key={key},valueonly,separator=%x1d)" for key in APPROVAL_TRAILERS
    )
    form = f"%x1e%H%x1f%as%x1f%an%x1f%s%x1f{trailers}%x1f"
    log = _git("log", *options, f"--format={form}", "--", RULES) or ""
    entries = []
    for entry in log.split("\x1e")[1:]:
        commit, on, author, subject, *approvals, files = entry.split("\x1f")
        names = (name.split("<")[0].strip() for text in approvals for name in text.split("\x1d"))
        entries.append((commit, on, author, subject, {name for name in names if name}, files))
    return entries


def _git(*arguments: str) -> str | None:
    """What git prints in the project's folder; None where there is no git or no repository.

    An installed package may be inside another project's repository, whose history is not its own.
    """
    if not (IS_CLONE or OWN_PROJECT):
        return None
    try:
        run = subprocess.run(
            ["git", *arguments], cwd=PROJECT_IN_USE, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout
