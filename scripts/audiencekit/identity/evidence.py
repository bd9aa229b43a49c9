"""The evidence that two records are one person, or two: how far each field agrees and what that means."""

from math import log2, prod

import duckdb
from rich.console import Console

from audiencekit.errors import UserError
from audiencekit.identity.lookup import print_table
from audiencekit.identity.matching import ONE_PERSON, STRANGERS

BY_EDITS = ["differ", "are similar", "differ by two typos", "differ by one typo", "are equal"]
LEVEL_WORDS = {
    "name": [*BY_EDITS, "are nicknames", "are swapped"],
    "text": BY_EDITS,
    "address": BY_EDITS,
    "code": ["differ", "differ by one typo", "are equal"],
    "date": ["differ", "differ by two typos", "differ by one typo", "are equal"],
    "same": ["differ", "are equal"],
}
# What two records can be, as in `matching.SHARED_FIELDS`.
RELATION_WORDS = {
    "same": "one person",
    "moved": "one person who moved",
    "household": "two people of one household",
    "namesakes": "two people of one name",
    "family_name": "two people of one family name",
    "birthday": "two people born on one day",
    "strangers": "two strangers",
}
Shares = dict[tuple[str, str, str], float]  # by relation, field and level


def print_evidence(con: duckdb.DuckDBPyConnection, left: str, right: str, console: Console) -> None:
    """Print how far each field of two records agrees, and how strongly that speaks for one person."""
    numbers = dict(
        con.execute(
            "select record_id, record_no from identity.int_match_records where record_id in ($1, $2)",
            [left, right],
        ).fetchall()
    )
    if len(numbers) < 2:
        console.print(
            "  Their details were not compared, because a record has no name of its own.",
            highlight=False,
        )
        return
    scores = con.execute(
        "select pattern, match_weight, match_probability from identity.int_match_scores "
        "where left_no = $1 and right_no = $2 "
        "union all select pattern, null, null from identity.int_match_levels "
        "where left_no = $1 and right_no = $2 order by match_weight nulls last limit 1",
        sorted(numbers.values()),
    ).fetchall()
    if not scores:
        console.print("  Their details have too little in common to be compared.", highlight=False)
        return
    [(pattern, weight, probability)] = scores
    bits, rows = _field_rows(con, pattern)
    console.print(f"  {left} and {right}:", highlight=False)
    print_table(console, ("field", "they", bits), rows)
    if probability is None:
        console.print("  Together: two people are far more likely.", highlight=False)
    else:
        console.print(
            "  Together, given how many such pairs there are and how rare equal names and places are: "
            f"{weight:+.1f} bits, probability {probability:.3f}.",
            highlight=False,
        )


def _field_rows(
    con: duckdb.DuckDBPyConnection, pattern: str
) -> tuple[str, list[tuple[str, str, str]]]:
    """What the bits compare, and one row per field: its name, how far it agrees, its bits.

    The bits compare the likeliest relation of one person with the likeliest relation of two people.
    """
    plan = con.execute("select fields from identity.int_match_plan").fetchall()[0][0]
    kinds = dict(field.split(":") for field in plan.split())
    levels = [(field, level) for field, level in zip(kinds, pattern, strict=True) if level != "-"]
    shares = _shares(con)
    one = _likeliest(ONE_PERSON, levels, shares)
    two = _likeliest(("household", *STRANGERS), levels, shares)
    rows = [
        (
            field.replace("_", " "),
            LEVEL_WORDS[kinds[field]][int(level)],
            f"{log2(shares[one, field, level] / shares[two, field, level]):+.1f}",
        )
        for field, level in levels
    ]
    return f"bits for {RELATION_WORDS[one]}, against {RELATION_WORDS[two]}", rows


def _shares(con: duckdb.DuckDBPyConnection) -> Shares:
    """The fitted shares of the relations and of the levels within each."""
    shares = {
        (relation, field, level): value
        for relation, field, level, value in con.execute(
            "select relation, field, level, value from identity.int_match_params where relation <> ''"
        ).fetchall()
    }
    if "moved" not in {relation for relation, _, _ in shares}:
        raise UserError("An older audiencekit built this. Build once more, and try again.")
    return shares


def _likeliest(relations: tuple[str, ...], levels: list[tuple[str, str]], shares: Shares) -> str:
    """The relation under which these levels of agreement are most likely."""
    terms = [("prior", ""), *levels]
    return max(relations, key=lambda relation: prod(shares[relation, *term] for term in terms))
