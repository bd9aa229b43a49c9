"""Logs of calls in a landing folder: up to which of their files a run takes them in."""

import re
from pathlib import Path

# A file of a log: its table, and its number. `_calls` and others that begin with _ are not read by a run.
FILE = re.compile(r"(\w+)\.([0-9]{6,})\.jsonl")


def call_logs(landing: Path) -> dict[str, int]:
    """By the name of each folder of a log the number of its last file. Of folders with one name the lowest counts."""
    found: dict[Path, int] = {}
    for path in landing.rglob("*.jsonl") if landing.is_dir() else ():
        match = FILE.fullmatch(path.name)
        if match and not path.name.startswith("_"):
            found[path.parent] = max(int(match[2]), found.get(path.parent, 0))
    logs: dict[str, int] = {}
    for folder, number in found.items():
        logs[folder.name] = min(number, logs.get(folder.name, number))
    return logs
