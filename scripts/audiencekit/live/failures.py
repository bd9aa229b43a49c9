"""How a failure that nobody thought of is reported, without what a row has in it."""

import traceback
from pathlib import Path


def place_of(problem: Exception) -> str:
    """What went wrong and where. The text of an error may quote a row, so it is left out."""
    last = traceback.extract_tb(problem.__traceback__)[-1]
    return f"{type(problem).__name__} in {Path(last.filename).name}, line {last.lineno}"
