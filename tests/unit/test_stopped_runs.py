"""A run that is killed, stopped, or has nowhere to write: status tells the truth, and one line says what happened."""

import errno
import subprocess
import sys
from datetime import datetime

import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult

from audiencekit.cli import _full_or_read_only
from audiencekit.run.dbt import run_dbt
from audiencekit.run.status import read_status, write_status
from audiencekit.workspace import Workspace

AS_OF = datetime(2018, 1, 1)


def run_python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


def test_status_says_that_the_last_run_was_killed(tmp_path):
    workspace = Workspace(tmp_path)
    with workspace.locked():
        write_status(workspace, AS_OF)
    assert read_status(workspace).why == ""
    killed = run_python(
        "import os, signal; from pathlib import Path; from audiencekit.workspace import Workspace\n"
        f"with Workspace(Path({str(tmp_path)!r})).locked(): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert killed.returncode == -9
    assert "was killed before it ended" in read_status(workspace).why
    with workspace.locked():
        assert read_status(workspace).why == ""  # the next run goes on
        write_status(workspace, AS_OF)
    assert read_status(workspace).why == ""


def test_a_run_that_fails_is_not_called_killed(tmp_path):
    workspace = Workspace(tmp_path)
    with pytest.raises(ValueError, match="anything"), workspace.locked():
        raise ValueError("anything")
    assert workspace.killed_run == ""


def test_a_run_that_is_asked_to_end_says_that_it_stopped():
    stopped = run_python(
        "import os, signal, time; from audiencekit import cli\n"
        "cli.cli.main = lambda **_: (os.kill(os.getpid(), signal.SIGTERM), time.sleep(30))\n"
        "cli.main()"
    )
    assert stopped.returncode == 130
    lines = ["Asked to stop (SIGTERM).", "Stopped. What was published before is still published."]
    assert stopped.stderr.splitlines() == lines


def test_a_run_that_is_asked_to_end_while_dbt_builds_is_no_failure_of_dbt(tmp_path, monkeypatch):
    failed = dbtRunnerResult(success=False, exception=KeyboardInterrupt())
    monkeypatch.setattr(dbtRunner, "invoke", lambda *_: failed)
    with pytest.raises(KeyboardInterrupt):
        run_dbt(Workspace(tmp_path), "build")


@pytest.mark.parametrize(
    ("problem", "why"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/x"), "No space left on device (/x)"),
        (OSError(errno.EROFS, "Read-only file system", "/x"), "Read-only file system (/x)"),
        (
            RuntimeError("IO Error: Could not write: No space left on device"),
            "No space left on device",
        ),
        (OSError(errno.ENOENT, "No such file", "/x"), ""),
        (ValueError("a fault of ours"), ""),
    ],
)
def test_a_full_disk_is_no_fault_of_ours(problem, why):
    assert _full_or_read_only(problem) == why
