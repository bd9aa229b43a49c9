"""Claims of the audit of rules on random conditions, against DuckDB running the same SQL."""

import itertools
from collections import Counter
from fractions import Fraction

import duckdb
import pandas as pd
import pytest
import z3
from audited_rules import TYPES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiencekit.rules.formula import Scope, truth
from audiencekit.rules.proofs import Claim, Undecided, refute
from audiencekit.rules.terms import NotAnalysed
from audiencekit.rules.text import rank_texts, read_condition

# -- the same SQL in DuckDB ---------------------------------------------------------------------------

DOMAIN = {
    "a": [-1, 0, 1, 2, 3, None],
    "b": [0, 1, 2, None],
    "x": [-0.5, 0.0, 0.5, 1.0, 1.5, None],
    "s": ["a", "b", "bb", None],
    "p": [True, False, None],
}
SEEN: Counter = Counter()


@pytest.fixture(scope="module")
def grid():
    """Every row of the domain, in DuckDB."""
    con = duckdb.connect()
    con.execute(f"create table rows ({', '.join(f'{c} {TYPES[c]}' for c in DOMAIN)})")
    frame = pd.DataFrame(
        list(itertools.product(*DOMAIN.values())), columns=list(DOMAIN), dtype="object"
    )
    con.register("frame", frame)
    con.execute(
        f"insert into rows select {', '.join(f'cast({c} as {TYPES[c]})' for c in DOMAIN)} from frame"
    )
    return con


def count(con, condition: str) -> int:
    return con.execute(f"select count(*) from rows where {condition}").fetchall()[0][0]


def conditions() -> st.SearchStrategy[str]:
    """Conditions on the domain's columns, with parentheses only where they are meant to matter."""
    whole = st.sampled_from(
        [
            "a",
            "b",
            "0",
            "1",
            "2",
            "5",
            "a + b",
            "a - 1",
            "a * b",
            "coalesce(a, b, 1)",
            "nullif(a, b)",
        ]
    )
    real = st.sampled_from(
        [
            "x",
            "0.5",
            "1",
            "a",
            "1e0",
            "x + 1",
            "x - x",
            "a / 2",
            "b / nullif(a, 0)",
            "-x",
            "x * 0.1",
        ]
    )
    texts = st.sampled_from(
        [
            "s",
            "'a'",
            "'b'",
            "'bb'",
            "'c'",
            "''",
            "coalesce(s, 'b')",
            "case when p then 'a' else s end",
        ]
    )
    compare = st.sampled_from(
        ["=", "<>", "<", "<=", ">", ">=", "is distinct from", "is not distinct from"]
    )
    pairs = st.sampled_from([whole, real, texts]).flatmap(
        lambda side: st.tuples(side, compare, side)
    )
    atoms = st.one_of(
        pairs.map(" ".join),
        st.tuples(whole, whole, whole).map("{0[0]} between {0[1]} and {0[2]}".format),
        st.tuples(
            st.sampled_from(["a", "x"]),
            st.sampled_from(
                ["in (0, 2)", "not in (1)", "in (1, null)", "not in (0, null)", "in (0.5, 1)"]
            ),
        ).map(" ".join),
        st.sampled_from(["s in ('a', 'bb')", "s not in ('b')", "s like 'b%'", "s not like '%b'"]),
        st.sampled_from(
            ["p", "p is true", "p is not true", "p is false", "p = (a > 1)", "p is null"]
        ),
        st.sampled_from(["a", "x", "s"]).flatmap(
            lambda c: st.sampled_from([f"{c} is null", f"{c} is not null"])
        ),
        st.sampled_from(
            [
                "case when a > 1 then x > 0 when a is null then p end",
                "coalesce(a > 1, p)",
                "cast(a as double) = x",
                "case a when 1 then 0 when b then 2 end = 2",
            ]
        ),
    )
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
            st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
                "({0[0]}) {0[1]} ({0[2]})".format
            ),
            inner.map("not {}".format),
            inner.map("not ({})".format),
        ),
        max_leaves=6,
    )


def proof(*conditions: tuple[str, bool]):
    """What z3 says of conditions that are, or are not, TRUE of one row: contradictory claims, and an example."""
    trees = [read_condition(text) for text, _ in conditions]
    scope = Scope(TYPES, {}, rank_texts(trees), z3.Context())
    formulas = [truth(tree, scope).is_true for tree in trees]
    claims = [
        Claim("rule", text, formula if wanted else z3.Not(formula))
        for (text, wanted), formula in zip(conditions, formulas, strict=True)
    ]
    core, example = refute(claims)
    return core, example, scope


def row_of(example: z3.ModelRef, scope: Scope) -> dict | None:
    """The example as a row; None if a number of it is no double, or depends on rounding."""
    ctx, row, names = scope.context, {}, {d.name() for d in example.decls()}
    if any(name.startswith("rounding of") or "LIKE" in name for name in names):
        return None
    makers = {"BIGINT": z3.Int, "BOOLEAN": z3.Bool}
    for column in DOMAIN:
        value = example.eval(makers.get(TYPES[column], z3.Real)(column, ctx), True)
        if z3.is_true(example.eval(z3.Bool(f"{column} is null", ctx), True)):
            row[column] = None
        elif TYPES[column] == "BIGINT":
            row[column] = value.as_long()
        elif TYPES[column] == "BOOLEAN":
            row[column] = z3.is_true(value)
        elif not z3.is_rational_value(value):
            return None
        elif TYPES[column] == "VARCHAR":
            row[column] = _text_at(value.as_fraction(), sorted(scope.texts))
        else:
            row[column] = float(value.as_fraction())
            if Fraction(row[column]) != value.as_fraction():
                return None
    return None if row["s"] is False else row


def _text_at(place: Fraction, texts: list[str]) -> str | bool:
    """A text that sorts among `texts` as its number does; False where there is no room for one."""
    if place.denominator == 1 and 0 <= place < len(texts):
        return texts[int(place)]
    below = int(place // 1)
    if below < 0 and (not texts or texts[0] > ""):
        return ""
    if below >= len(texts):
        return (texts[-1] if texts else "") + f"~{float(place):020.6f}"
    text = (texts[below] if below >= 0 else "") + f" {float(place % 1):.6f}"
    return text if below + 1 >= len(texts) or text < texts[below + 1] else False


PROPERTY = settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@PROPERTY
@given(condition=conditions())
def test_what_never_matches_matches_no_row_and_an_example_matches(grid, condition):
    try:
        core, example, scope = proof((condition, True))
    except (NotAnalysed, Undecided) as problem:
        SEEN[f"never: {type(problem).__name__}"] += 1
        return
    rows = count(grid, condition)
    if core:
        SEEN["never: proved"] += 1
        assert rows == 0
    else:
        _check_example(grid, example, scope, "never", f"({condition})", rows)


@PROPERTY
@given(one=conditions(), other=conditions())
def test_what_is_implied_has_no_exception_and_an_example_is_one(grid, one, other):
    try:
        core, example, scope = proof((one, True), (other, False))
    except (NotAnalysed, Undecided) as problem:
        SEEN[f"implies: {type(problem).__name__}"] += 1
        return
    exceptions = f"({one}) and ({other}) is not true"
    rows = count(grid, exceptions)
    if core:
        SEEN["implies: proved"] += 1
        assert rows == 0
    else:
        _check_example(grid, example, scope, "implies", exceptions, rows)


def _check_example(con, example, scope, what: str, condition: str, rows: int) -> None:
    row = row_of(example, scope)
    if row is None:
        SEEN[f"{what}: example depends on rounding or like"] += 1
        return
    SEEN[f"{what}: example" + ("" if rows else " where the domain has none")] += 1
    con.execute("create or replace temp table example as select * from rows limit 0")
    con.execute(f"insert into example values ({', '.join('?' * len(row))})", list(row.values()))
    matched = con.execute(f"select count(*) from example where {condition}").fetchall()[0][0]
    assert matched == 1, row


def test_the_properties_were_put_to_the_test():
    """Runs after both: enough was proved, little was refused, and examples outside the domain were seen."""
    print(f"\n{dict(sorted(SEEN.items()))}")
    if SEEN:
        assert SEEN["never: proved"] > 30
        assert SEEN["implies: proved"] > 30
        assert (
            SEEN["never: example where the domain has none"]
            + SEEN["implies: example where the domain has none"]
            > 5
        )
        assert (
            sum(n for what, n in SEEN.items() if "NotAnalysed" in what or "Undecided" in what) < 80
        )
