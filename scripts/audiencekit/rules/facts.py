"""What is known of the columns of customer_360 whatever the data, in words and as conditions in SQL.

Names say most of it. `orders_30d` is a whole number in a window: a count, never negative, and nothing that
`orders_90d` does not count. The rest stands in the YAML of int_rule_findings. Tests hold all against data.
"""

import re
from itertools import combinations

_MINUTES = {"m": 1, "h": 60, "d": 1440}


def facts_from_names(types: dict[str, str]) -> dict[str, str]:
    """What names of columns (with their SQL types) tell: conditions that are never false, by their words."""
    facts, windows = {}, {}
    for name, sql_type in types.items():
        counted = re.fullmatch(r"(\w+?)_(?:(\d+)([mhd])|lifetime)", name)
        if counted and sql_type.upper() == "BIGINT":
            stem, length, unit = counted.groups()
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
            # Known together or not at all: they come from one table.
            facts[f"{long} counts all that {short} counts"] = (
                f"({short} is null and {long} is null) or coalesce({short} <= {long}, false)"
            )
    return facts
