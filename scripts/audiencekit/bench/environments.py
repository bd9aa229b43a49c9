"""Environments of their own for the tools that we are compared with."""

import subprocess
import sys
from pathlib import Path

from rich.console import Console


def python_with(requirements: Path, environment: Path, console: Console) -> Path:
    """The Python of an environment with the packages of a requirements file, set up if it is not there yet."""
    python = environment / "bin" / "python"
    if not python.exists():
        console.print("  setting up the other tools")
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "--quiet", environment, "--python", sys.executable], check=True)
        install: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", python]
        subprocess.run([*install, "-r", requirements], check=True)
    return python
