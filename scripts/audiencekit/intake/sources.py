"""Two systems that both count from 1000: the ids of each get its name as a prefix, where landing.yml says so."""

import csv
from functools import cache

from audiencekit.dbt_project import seed_file
from audiencekit.intake.contract import Column
from audiencekit.intake.files import LandingFile
from audiencekit.sql import literal

BLOCKLIST = seed_file("identity_blocklist")
# Ids that a shop or CRM numbers by itself. Addresses, phones, loyalty cards and cookies mean the same in every system.
OWN_IDS = ("account_id", "contact_id")
# Ids in a cell such as 17;23, ["17", "23"] or, with the time of each merge, 17:1612345678901;23:1612345678902.
LISTED_ID = r"[^\s;,|\[\]\"'']+"
TIME_OF_MERGE = r":\d{9,}$"
SHARED = ("anonymous_id", "campaign_id", "experiment_id", "card_number")


def with_source(column: Column, value: str, file: LandingFile) -> str:
    """SQL for an id as us:1000, where its file has the source us; for any other value the value itself. A list of
    ids is written as 17;23.

    A placeholder such as guest is no identifier in any system, and stays as it is.
    """
    if column.name not in file.positions:
        return value
    if column.name == "merged_ids":
        return _each_with_source(value, file)
    if not file.settings.source or not column.is_identifier:
        return value
    if column.name in SHARED or (column.name == "product_id" and file.products_are_shared):
        return value
    placeholders = ", ".join(map(literal, _placeholders()))
    prefixed = (
        f"case when lower({value}) in ({placeholders}) then {value} "
        f"else {literal(file.settings.source + ':')} || {value} end"
    )
    if column.name == "unit_id" or column.name.endswith("id_value"):
        id_type = (
            f"{column.name.removesuffix('id_value')}id_type"
            if column.name != "unit_id"
            else "id_type"
        )
        return f"case when {id_type} in {OWN_IDS} then {prefixed} else {value} end"
    return prefixed


def _each_with_source(value: str, file: LandingFile) -> str:
    """SQL for a cell with several ids as 17;23, or as us:17;us:23 where its file has the source us."""
    source = literal(f"{file.settings.source}:" if file.settings.source else "")
    each = f"{source} || regexp_replace(id, {literal(TIME_OF_MERGE)}, '')"
    ids = f"regexp_extract_all({value}, '{LISTED_ID}')"
    return f"nullif(array_to_string(list_transform({ids}, lambda id: {each}), ';'), '')"


@cache
def _placeholders() -> tuple[str, ...]:
    with BLOCKLIST.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["id_type"] in OWN_IDS]
    return tuple(sorted({row["id_value"].lower() for row in rows}))
