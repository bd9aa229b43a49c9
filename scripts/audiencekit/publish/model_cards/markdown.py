"""A data frame as a Markdown table."""

import pandas as pd


def table(frame: pd.DataFrame) -> str:
    """The frame with its column names as head, numbers with four significant digits."""
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    head = [str(name).replace("_", " ") for name in frame.columns]
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    if pd.isna(value):
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
