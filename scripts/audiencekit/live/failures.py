"""How a failure that nobody thought of is reported, without what a row has in it."""

import traceback
from pathlib import Path


class EvaluationFailed(Exception):
    """An evaluation failed in the process that evaluates. The text says what and where."""


class EvaluatorEnded(Exception):
    """The process that evaluates is gone: it was killed, or the machine has no memory left."""


def place_of(problem: Exception) -> str:
    """What went wrong and where. The text of an error may quote a row, so it is left out."""
    if isinstance(problem, EvaluationFailed):
        return str(problem)
    last = traceback.extract_tb(problem.__traceback__)[-1]
    return f"{type(problem).__name__} in {Path(last.filename).name}, line {last.lineno}"
