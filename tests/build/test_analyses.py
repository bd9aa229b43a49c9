"""The kept questions: each runs over the demo, returns the columns it promises, and is right on a case by hand."""

import re

import duckdb
import pandas as pd
import pytest
import yaml

from audiencekit.run.dbt import run_dbt
from audiencekit.workspace import PROJECT

PROMISED = {
    block["name"]: [column["name"] for column in block["columns"]]
    for block in yaml.safe_load((PROJECT / "analyses" / "_analyses.yml").read_text())["analyses"]
}


@pytest.fixture(scope="module")
def compiled(published) -> dict[str, str]:
    """The SQL of each analysis, as dbt compiles it."""
    result = run_dbt(published.workspace, "compile", "--select", "resource_type:analysis")
    assert result.success, result.exception
    return {r.node.name: r.node.compiled_code for r in result.result.results}


def answer(sql: str, **tables: pd.DataFrame) -> list[tuple]:
    """What an analysis makes of tables by name, in whatever schema it reads them."""
    with duckdb.connect() as con:
        for name, frame in tables.items():
            con.register(name, frame)
            sql = re.sub(rf'"\w+"\."\w+"\."{name}"', f'"{name}"', sql)
        return con.execute(sql).fetchall()


def table(columns: str, *rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


def test_every_analysis_is_described_and_compiles(compiled):
    files = {path.stem for path in (PROJECT / "analyses").glob("*.sql")}
    assert files == set(PROMISED) == set(compiled)


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_an_analysis_answers_over_the_demo_with_the_columns_it_promises(published, compiled, name):
    found = published.warehouse(compiled[name])
    assert list(found.columns) == PROMISED[name]
    assert len(found) > 0


def test_nothing_depends_on_an_analysis(published):
    manifest = published.manifest()
    parents = {p for parents in manifest["parent_map"].values() for p in parents}
    assert not [p for p in parents if p.startswith("analysis.")]


def test_overlapping_segments_come_with_what_their_members_spend(compiled):
    membership = table("segment_code customer_key", ("a", "1"), ("a", "2"), ("b", "1"), ("c", "3"))
    assert answer(
        compiled["overlapping_segments_that_earn_least"],
        segment_membership=membership,
        customer_360=table("customer_key spend_30d", ("1", 10.0), ("2", 20.0), ("3", 1.0)),
        segment_overlap=table(
            "segment_code other_segment_code members other_members members_of_both jaccard",
            ("a", "b", 2, 1, 1, 0.5),
            ("a", "c", 2, 1, 0, 0.0),
        ),
    ) == [("a", "b", 1, 0.5, 15.0, 10.0)]


def test_a_refusal_costs_the_customers_and_what_they_spend(compiled):
    columns = "customer_key channel is_allowed refusal"
    assert answer(
        compiled["refusals_that_cost_most_reach"],
        customer_360=table("customer_key spend_365d", ("1", 10.0), ("2", 20.0), ("3", None)),
        int_channel_permissions=table(
            columns,
            ("1", "email", True, None),
            ("2", "email", False, "no_consent"),
            ("3", "email", False, "no_consent"),
            ("4", "email", False, "consent_expired"),
        ),
    ) == [
        ("email", "no_consent", 2, 0.5, 20.0),
        ("email", "consent_expired", 1, 0.25, 0.0),
    ]


def test_a_move_is_one_family_left_and_another_entered_in_one_build(compiled):
    columns = "customer_key segment_code action changed_at"
    first, second = pd.Timestamp("2018-01-01"), pd.Timestamp("2018-01-02")
    assert answer(
        compiled["moves_between_rfm_families"],
        segment_history=table(
            columns,
            ("1", "rfm_loyal", "entered", first),
            ("2", "rfm_loyal", "entered", first),
            ("1", "rfm_loyal", "left", second),
            ("1", "rfm_lost", "entered", second),
            ("1", "vip", "entered", second),
        ),
    ) == [(None, "rfm_loyal", 2, 2), ("rfm_loyal", "rfm_lost", 1, 1)]


def test_customers_are_counted_by_how_many_keys_were_merged_into_theirs(compiled):
    sql = compiled["customers_with_merged_keys"]
    customers = table("customer_key spend_lifetime", ("1", 30.0), ("2", 10.0), ("3", None))
    # The column of the keys that are gone is not read.
    merged = table("customer_key", ("1",), ("1",))
    assert answer(sql, customer_360=customers, int_merged_keys=merged) == [
        (0, 2, 10.0, 0.25),
        (2, 1, 30.0, 0.75),
    ]


def test_members_who_were_mailed_and_never_opened_are_a_share_of_those_mailed(compiled):
    columns = "customer_key event_name"
    events = [("1", "sent"), ("1", "opened"), ("2", "sent"), (None, "opened")]
    assert answer(
        compiled["segments_that_never_open"],
        fct_email_events=table(columns, *events),
        segment_membership=table("segment_code customer_key", ("a", "1"), ("a", "2"), ("a", "3")),
    ) == [("a", 2, 1, 0.5)]
