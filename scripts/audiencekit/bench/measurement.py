"""Run one job in its own process and measure its cost."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from audiencekit.errors import UserError

# Linux counts peak memory in KiB, macOS in bytes.
GIB_PER_UNIT = 2**-30 if sys.platform == "darwin" else 2**-20


@dataclass(frozen=True)
class Measured:
    """The cost of a job in seconds and GiB, and its answer."""

    wall: float
    cpu: float  # user and system
    peak_gib: float
    answer: dict[str, Any]


def measure(job: str, log: Path, **arguments: Any) -> Measured:
    """Run a job of `audiencekit.bench.jobs` and wait for it. Raises UserError if it fails.

    A child process starts with the peak memory of its parent, so the parent must stay small: it imports little and
    reads no large data.
    """
    answer = log.with_suffix(".json")
    answer.unlink(missing_ok=True)
    command: list[object] = [
        sys.executable,
        "-m",
        "audiencekit.bench.jobs",
        job,
        answer,
        json.dumps(arguments),
    ]
    cost = measure_command(command, log)
    return replace(cost, answer=json.loads(answer.read_text()))


def measure_command(command: list[object], log: Path) -> Measured:
    """Run any command with its output in `log`, and wait for it. Raises UserError if it fails."""
    with log.open("w") as out:
        started = perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command], stdout=out, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        lines = [line for line in log.read_text().splitlines() if line.strip()]
        reason = lines[-1][:300] if lines else "without output"
        raise UserError(f"bench: {log.stem} failed ({reason}). See {log}")
    return Measured(
        wall=wall,
        cpu=used.ru_utime + used.ru_stime,
        peak_gib=used.ru_maxrss * GIB_PER_UNIT,
        answer={},
    )
