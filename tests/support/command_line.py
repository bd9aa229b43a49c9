"""The command line, called as a user calls it."""

import os
import subprocess
import sys


def audiencekit(home, *arguments: str) -> subprocess.CompletedProcess:
    """One command in the workspace `home`, with what it printed and its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "audiencekit.cli", *arguments],
        env=os.environ | {"AUDIENCEKIT_HOME": str(home), "COLUMNS": "160"},
        capture_output=True,
        text=True,
    )
