"""Weights of agreements: learned without labels, and the same in SQL as in Python."""

import duckdb
from match_formula import weigher

from audiencekit.identity.matching import (
    STRANGERS,
)


def test_sql_weighs_as_the_formula_does(published):
    """Every pattern of the demo, from the same params."""
    with duckdb.connect(str(published.workspace.warehouse), read_only=True) as con:
        params = con.execute("select * from identity.int_match_params").df()
        found = con.execute("select * from identity.int_match_weights").df()
        fields = con.execute("select fields from identity.int_match_plan").fetchall()[0][0]
    fields = [field.split(":")[0] for field in fields.split()]
    assert len(found) > 50
    for column, against in {
        "household_bits": ("household",),
        "strangers_bits": STRANGERS,
        "pattern_weight": ("household", *STRANGERS),
    }.items():
        right = found["pattern"].map(weigher(params, fields, against))
        assert (found[column] - right).abs().max() < 1e-9, column
