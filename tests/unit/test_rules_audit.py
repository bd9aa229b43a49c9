"""What the audit of rules claims, against cases by hand and against DuckDB running the same SQL."""

import json

import pandas as pd
import pytest
import yaml
import z3
from audited_rules import TYPES
from mutants import plain_sql
from own_rules import own_facts, own_types

from audiencekit.errors import UserError
from audiencekit.rules.audit import audit_rules
from audiencekit.rules.proofs import Claim, _core
from audiencekit.workspace import PROJECT


def segments(**rules) -> pd.DataFrame:
    """Segments named by keyword, each a condition or a row; priority in the order in which they stand."""
    rows = []
    for place, (code, rule) in enumerate(rules.items()):
        fields = rule if isinstance(rule, dict) else {"where": rule}
        where = fields.pop("where")
        text = (
            where
            if where.startswith("select")
            else f"select customer_key from customer_360 where {where}"
        )
        row = {"segment_code": code, "priority": place, "definition": text}
        rows.append(row | fields)
    return pd.DataFrame(rows)


def found(facts: dict | None = None, **rules) -> set[tuple]:
    """Findings on `rules` as (segment, other, what)."""
    frame = audit_rules(segments(**rules), TYPES, facts)
    rows = frame.astype("object").where(frame.notna(), None).itertuples(index=False)
    return {(row.segment_code, row.other_segment_code, row.finding) for row in rows}


def explained(what: str, facts: dict | None = None, **rules) -> list[str]:
    frame = audit_rules(segments(**rules), TYPES, facts)
    return list(frame.loc[frame["finding"] == what, "explanation"])


@pytest.mark.parametrize(
    "where",
    [
        "a > 4 and a < 5",
        "a between 5 and 3",
        "a is null and a <> 1",
        "a = null",
        "not (a > 1) and a is null",
        "x > 1 and x <= 1",
        "s = 'red' and s in ('blue', 'green')",
        "s > 'b' and s < 'a'",
        "p and not p",
        "p is null and p",
        "a is not distinct from null and a is distinct from null",
        "a is distinct from b and a is null and b is null",
        "coalesce(a, 0) < 0 and a is null",
        "case when a > 1 then 1 else 2 end = 3",
        "case a when 1 then 'one' end = 'two'",
        "a + b > 3 and a < 1 and b <= 3",
        "a / 2 > 3 and a < 6",
        "a / nullif(b, 0) > 1 and b = 0",
        "s like 'a%' and not s like 'a%'",
        "s like 'a%' and s is null",
        "at > since and since > at",
        "at is null and at >= since",
        "customer_key in (select customer_key from customer_360 where p) and not p",
    ],
)
def test_a_rule_that_no_customer_can_match_is_found(where):
    assert found(one=where) == {("one", None, "never_matches")}


@pytest.mark.parametrize(
    "where",
    [
        "x > 4 and x < 5",
        "a > 4 and a <= 5",
        "not (a > 1)",
        "a is null or a = 1",
        "p is not true and not coalesce(p, false)",
        "s like 'a%' and s not like 'b%'",
        "a / 10 = 0.3",
        "x / 10 = 0.3",
        "x + 0.1 = x and x > 1",
        "x + y > 3 and x < 1 and y <= 2.0000000000000001",
        "a / nullif(b, 0) > 1 and b < 0",
        "s > 'a' and s < 'b'",
        "x >= 0.10000000000000000001 and x <= 0.1",
    ],
)
def test_a_rule_that_a_customer_can_match_is_not(where):
    assert found(one=where) == set()


def test_bounds_that_contradict_are_named_and_the_others_are_not():
    assert explained("never_matches", one="a > 4 and s = 'red' and (p or q) and a < 5") == [
        "Nobody can match: a > 4 and a < 5 cannot both be true."
    ]
    assert explained("never_matches", one="s = 'red' and a between 5 and 3") == [
        "Nobody can match: a BETWEEN 5 AND 3 can never be true."
    ]


def test_a_proof_names_no_more_than_it_takes(monkeypatch):
    """Even where z3 cannot say what it used, for which all claims stand here."""
    monkeypatch.setattr("audiencekit.rules.proofs._core", list)
    assert explained("never_matches", one="a > 4 and s = 'red' and (p or q) and a < 5") == [
        "Nobody can match: a > 4 and a < 5 cannot both be true."
    ]


def test_a_narrower_rule_is_swallowed_by_the_wider():
    assert found(wide="a >= 1", narrow="a >= 1 and p") == {
        ("narrow", "wide", "swallowed"),
        ("narrow", "wide", "unreachable_priority"),
    }
    assert found(narrow="a >= 1 and p", wide="a >= 1") == {("narrow", "wide", "swallowed")}
    assert explained("swallowed", narrow="a >= 1 and p", wide="a > 0") == [
        "Everyone in narrow is also in wide, for any data: a >= 1 is sufficient."
    ]


def test_two_wordings_of_one_rule_are_the_same_rule():
    rules = {"one": "not (a > 1)", "other": "a <= 1"}
    assert {f for f in found(**rules) if f[2] != "unreachable_priority"} == {
        ("one", "other", "same_rule"),
        ("other", "one", "same_rule"),
    }


def test_null_is_in_neither_half():
    """`a > 1 or a <= 1` looks like everybody, and leaves out every customer without an a."""
    assert found(both="a > 1 or a <= 1", some="p") == set()
    assert ("some", "all_of_them", "swallowed") in found(
        all_of_them="a > 1 or a <= 1 or a is null", some="p"
    )
    assert ("rest", "unlike", "swallowed") not in found(
        rest="not (a > 1)", unlike="a is null or a > 5"
    )
    assert ("gone", "rest", "swallowed") not in found(rest="not (a > 1)", gone="a is null")


def test_several_rules_of_higher_priority_together_leave_no_customer():
    rules = {
        "low": "a < 5",
        "high": "a >= 5",
        "aside": "q",
        "all_known": "a is not null",
        "any": "p",
    }
    assert ("all_known", None, "unreachable_priority") in found(**rules)
    assert explained("unreachable_priority", **rules) == [
        "all_known (priority 3) is never a customer's primary segment: everyone in it is also in "
        "high (priority 1) or low (priority 0), which comes first."
    ]


def test_segments_of_one_priority_go_by_code():
    same = {"priority": 5}
    assert ("b", "a", "unreachable_priority") in found(
        b={"where": "a = 1"} | same, a={"where": "a = 1"} | same
    )
    assert ("a", "b", "unreachable_priority") not in found(
        b={"where": "a = 1"} | same, a={"where": "a = 1"} | same
    )


def test_a_rule_over_another_rule_says_both():
    over = "select customer_key from seg_base where a > 4 | seg_base: select customer_key from customer_360 where a < 5"
    inside = (
        "select customer_key from customer_360 where p and customer_key in (select customer_key from seg_base) "
        "| seg_base: select customer_key from customer_360 where a < 5"
    )
    assert found(base="a < 5", over=over, inside=inside) == {
        ("over", None, "never_matches"),
        ("inside", "base", "swallowed"),
        ("inside", "base", "unreachable_priority"),
    }


def excluding(where: str, *codes: str, **more) -> dict:
    return {"where": where, "excludes": json.dumps(codes)} | more


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"a": excluding("a > 3", "b"), "b": "a > 1"}, {("a", "b")}),
        ({"a": excluding("a > 1", "b"), "b": "a > 3"}, set()),
        ({"a": excluding("a > 3", "a")}, {("a", "a")}),
        ({"a": excluding("a > 3", "a", "b"), "b": "a > 3"}, {("a", "a"), ("a", "b")}),
        ({"a": excluding("p", "b"), "b": excluding("q", "a")}, {("a", "b"), ("b", "a")}),
        ({"a": excluding("p", "b"), "b": excluding("not p", "a")}, set()),
        (
            {"a": excluding("a <> 4", "b", "c", "d"), "b": "a < 4", "c": "a > 4", "d": "q"},
            {("a", None)},
        ),
        ({"a": excluding("p", "gone")}, set()),
    ],
)
def test_exclusions_that_leave_no_customer_to_address_contradict(rules, expected):
    assert {
        (code, other) for code, other, what in found(**rules) if what == "contradiction"
    } == expected


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("a % 2 = 1", "a % 2 is not among what the analysis reads"),
        ("a / b > 1", "a / b may divide by zero"),
        ("nothing > 1", "nothing is no column of customer_360"),
        ("odd is null", "odd is of type BLOB"),
        ("s = 1", "1 is a whole where a text is asked for"),
        ("at > '2020'", "'2020' is a text where a timestamp is asked for"),
        ("a", "a is a whole where a truth is asked for"),
        ("p > q", "p is compared as if it had an order"),
        ("random() > 1", "RANDOM() is not among what the analysis reads"),
        ("a in (select 1)", "a IN (SELECT 1) is not among what the analysis reads"),
        ("a > 1 limit 3", "more than customer keys and a condition"),
        ("a > 1 group by customer_key", "more than customer keys and a condition"),
        ("a >", "the SQL does not parse"),
        ("a > 1; select 1", "more than customer keys and a condition"),
        (
            "customer_key in (select customer_key from orders)",
            "orders is neither customer_360 nor a rule",
        ),
    ],
)
def test_only_what_the_analysis_cannot_read_is_reported_as_such(where, why):
    (text,) = explained("not_analysed", one=where)
    assert why in text
    assert found(one=where, other="a > 1", third="a > 2") == {
        ("one", None, "not_analysed"),
        ("third", "other", "swallowed"),
        ("third", "other", "unreachable_priority"),
    }


def test_what_cannot_be_decided_is_reported(monkeypatch):
    monkeypatch.setattr("audiencekit.rules.proofs.MOST_WORK", 1)
    assert found(one="a * a * a + b * b * b = 7 and a > 10") == {("one", None, "not_analysed")}
    ctx = z3.Context()
    a, b = z3.Ints("a b", ctx)
    cubes = [Claim("rule", "cubes", a * a * a + b * b * b == 7), Claim("rule", "large", a > 10)]
    assert _core(cubes) == cubes


def test_facts_prove_more_and_are_named():
    rules = {"week": "orders_7d > 3", "month": "orders_30d > 3", "none": "orders_7d < 0"}
    types = {"orders_7d": "BIGINT", "orders_30d": "BIGINT"}
    frame = audit_rules(
        segments(month=rules["month"], week=rules["week"], none=rules["none"]), types
    )
    assert list(frame["explanation"]) == [
        "Nobody can match: orders_7d < 0 can never be true, given that orders_7d is never negative.",
        "Everyone in week is also in month, for any data: orders_7d > 3 is sufficient, given that "
        "orders_30d counts all that orders_7d counts.",
        "week (priority 1) is never a customer's primary segment: everyone in it is also in month (priority 0), "
        "which comes first, given that orders_30d counts all that orders_7d counts.",
    ]
    assert found({"a is small": "a < 9"}, one="a > 9") == {("one", None, "never_matches")}
    assert found({"a is small": "a < 9"}, one="a is null") == set()
    tied = {"b is below a": "coalesce(b < a, false)", "b is not": "coalesce(b > 3, false)"}
    assert found(tied, one="a < 3") == {("one", None, "never_matches")}


def test_a_fact_that_cannot_be_read_stops_the_build():
    with pytest.raises(UserError, match="RANDOM"):
        found({"wrong": "random() > a"}, one="a > 1")


def test_the_same_rules_in_any_order_give_the_same_findings():
    rules = segments(wide="a >= 1", narrow="a > 1 and p", never="a > 1 and a < 2", odd="a % 2 = 1")
    one = audit_rules(rules, TYPES)
    pd.testing.assert_frame_equal(one, audit_rules(rules.iloc[::-1], TYPES))
    assert list(one.columns) == ["segment_code", "other_segment_code", "finding", "explanation"]
    assert audit_rules(segments(one="a > 1"), TYPES).dtypes.astype(str).tolist() == ["str"] * 4


@pytest.fixture(scope="module")
def own_findings() -> pd.DataFrame:
    rows = []
    for path in sorted((PROJECT / "models/segments/rules").glob("*.sql")):
        lines = [line for line in plain_sql(path).splitlines() if not line.startswith("--")]
        model = yaml.safe_load(path.with_suffix(".yml").read_text())["models"][0]
        priority = model["config"]["meta"]["segment"]["priority"]
        rows.append(
            {"segment_code": path.stem[4:], "priority": priority, "definition": " ".join(lines)}
        )
    assert len(rows) >= 39
    return audit_rules(pd.DataFrame(rows), own_types(), own_facts())


def test_every_rule_of_the_project_is_analysed_and_can_match(own_findings):
    assert not set(own_findings["finding"]) & {
        "not_analysed",
        "never_matches",
        "same_rule",
        "contradiction",
    }


def test_which_rules_of_the_project_lie_in_others(own_findings):
    rows = own_findings[["segment_code", "other_segment_code", "finding"]].itertuples(index=False)
    assert sorted(map(tuple, rows)) == [
        ("engaged_cart_abandoners", "abandoned_cart", "swallowed"),
        ("frequent_and_recent", "recent_buyers", "swallowed"),
        ("high_intent", "product_page_visitors", "swallowed"),
        ("loyal_customers", "recent_buyers", "swallowed"),
    ]
