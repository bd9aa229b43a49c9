"""Every segment's unit tests notice every small change to its rule."""

import duckdb
import pytest
import yaml
from mutants import mutants, passes, plain_sql, unit_tests

from audiencekit.workspace import PROJECT

RULES = sorted((PROJECT / "models" / "segments" / "rules").glob("seg_*.sql"))


@pytest.fixture(scope="module")
def types() -> dict[str, str]:
    raw = yaml.safe_load((PROJECT / "models/segments/customer_360.yml").read_text())
    return {c["name"]: c["data_type"] for c in raw["models"][0]["columns"]}


@pytest.fixture(scope="module")
def warehouse(types):
    """Every rule as a view over customer_360, so that a rule may read another."""
    con = duckdb.connect()
    con.execute(
        f"create temp table customer_360 ({', '.join(f'{c} {t}' for c, t in types.items())})"
    )
    return con


def test_there_are_rules():
    assert len(RULES) >= 39


@pytest.mark.slow
def test_every_mutant_of_every_rule_is_killed(warehouse, types):
    tried, survivors = 0, []
    for rule in RULES:
        sql, tests = plain_sql(rule), unit_tests(rule.with_suffix(".yml"))
        assert all(passes(warehouse, sql, test, types) for test in tests), (
            f"{rule.stem} itself fails"
        )
        for mutant in mutants(sql):
            tried += 1
            if all(passes(warehouse, mutant, test, types) for test in tests):
                survivors.append(f"{rule.stem}: {mutant}")
    print(f"\nsegment mutants killed: {tried - len(survivors)} / {tried} in {len(RULES)} rules")
    assert survivors == []
    assert tried > 200


def test_a_test_without_its_boundary_rows_lets_mutants_live(warehouse, types):
    rule = PROJECT / "models/segments/rules/seg_at_risk.sql"
    (test,) = unit_tests(rule.with_suffix(".yml"))
    test["given"][0]["rows"] = [
        r for r in test["given"][0]["rows"] if "_at_" not in r["customer_key"]
    ]
    test["expect"]["rows"] = [r for r in test["expect"]["rows"] if "_at_" not in r["customer_key"]]
    assert any(passes(warehouse, m, test, types) for m in mutants(plain_sql(rule)))
