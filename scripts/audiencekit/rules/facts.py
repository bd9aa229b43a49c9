"""Facts about the columns of customer_360 that hold for any data, in words and as conditions in SQL.

Most facts follow from column names. `orders_30d` is a whole number in a time window: a count, never negative, and
never more than `orders_90d`. The other facts are in the YAML of int_rule_findings. Tests check all of them on data.
"""

import re
from itertools import combinations

_MINUTES = {"m": 1, "h": 60, "d": 1440}


def facts_from_names(types: dict[str, str]) -> dict[str, str]:
    """Facts that follow from names of columns and their SQL types: conditions that are never false, by their words."""
    facts: dict[str, str] = {}
    windows: dict[str, list[tuple[float, str]]] = {}
    for name, sql_type in types.items():
        window = re.fullmatch(r"(\w+?)_(?:(\d+)([mhd])|lifetime)", name)
        if window and sql_type.upper() == "BIGINT":
            stem, length, unit = window.groups()
            minutes = int(length) * _MINUTES[unit] if length else float("inf")
            windows.setdefault(stem, []).append((minutes, name))
        if name in (n for counts in windows.values() for _, n in counts) or re.search(
            r"_(days|minutes)$", name
        ):
            facts[f"{name} is never negative"] = f"{name} >= 0"
        elif re.search(r"_(share|share_\d+d|rank)$", name):
            facts[f"{name} lies between 0 and 1"] = f"{name} between 0 and 1"
    for counts in windows.values():
        for (_, short), (_, long) in combinations(sorted(counts), 2):
            # Both columns come from one table, so both are null or neither is.
            facts[f"{long} counts all that {short} counts"] = (
                f"({short} is null and {long} is null) or coalesce({short} <= {long}, false)"
            )
    return facts
