"""For a rule that does not fit a shop: the number in it that could change, and to what.

The engine counts: a rule is run as it is, with one of its bounds opened, and the customers it then matches are counted
by the value of the bound's column. Nothing here evaluates a rule.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlglot import exp

from audiencekit.rules.terms import NotAnalysed
from audiencekit.rules.text import read_definition

COLUMNS = ["segment_code", "finding", "condition", "proposed_condition", "proposed_members"]
_COMPARISONS: dict[type[exp.Expr], Callable[[np.ndarray, float], np.ndarray]] = {
    exp.GT: np.greater,
    exp.GTE: np.greater_equal,
    exp.LT: np.less,
    exp.LTE: np.less_equal,
}


@dataclass(frozen=True)
class Proposal:
    """A condition of a rule, the one proposed for it, and how many customers the rule would then match."""

    condition: str
    proposed: str
    members: int


def propose_thresholds(misfits: pd.DataFrame, query: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """One row per segment and finding for which a threshold can be proposed, with COLUMNS.

    `misfits` has one row per segment and finding: definition, members, aim (the members it should have, about), and
    fewest and most, between which they must be. `query` runs SQL on customer_360.
    """
    rows = []
    for misfit in misfits.sort_values(["segment_code", "finding"]).to_dict("records"):
        best = _best(misfit, query)
        if best:
            row = (misfit["segment_code"], misfit["finding"])
            rows.append((*row, best.condition, best.proposed, best.members))
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype(dict.fromkeys(COLUMNS[:-1], "str") | {"proposed_members": "int64"})


def _best(misfit: dict[str, Any], query: Callable[[str], pd.DataFrame]) -> Proposal | None:
    """The proposal that comes closest to the aim; of equals the first in the rule."""
    proposals = []
    for bound, counts in _opened(misfit["definition"], query):
        if proposal := _moved(bound, counts, misfit):
            proposals.append(proposal)
    return min(proposals, key=lambda p: abs(p.members - misfit["aim"]), default=None)


def _opened(
    definition: str, query: Callable[[str], pd.DataFrame]
) -> Iterator[tuple[exp.Binary, pd.DataFrame]]:
    """Each bound of a rule, and the customers whom the rule matches without it.

    Their frame has one row per value of the bound's column: `customers`, and `anyway`, those of them whom the rule
    matches whatever the bound says.
    """
    try:
        rule = read_definition(definition)[""]
    except NotAnalysed:
        return
    reads = rule.args["from_"].this.name if rule.args.get("from_") else ""
    if reads != "customer_360" or not rule.args.get("where"):
        return
    where = rule.args["where"].this
    for place, bound in enumerate(_bounds(where)):
        without, never = (_replaced(where, place, by) for by in (exp.true(), exp.false()))
        column = bound.left.sql("duckdb")
        yield (
            bound,
            query(
                f"select {column} as value, count(*) as customers, "
                f"sum(case when {never.sql('duckdb')} then 1 else 0 end) as anyway "
                f"from customer_360 where {without.sql('duckdb')} group by {column}"
            ),
        )


def _bounds(where: exp.Expr) -> list[exp.Binary]:
    """The comparisons of a column with a number, in the order of the text. One under `not` is left out."""
    return [
        node
        for node in where.find_all(*_COMPARISONS, bfs=False)
        if isinstance(node, exp.Binary)
        and isinstance(node.left, exp.Column)
        and isinstance(node.right, exp.Literal)
        and not node.right.is_string
        and not node.find_ancestor(exp.Not, exp.Case)
    ]


def _replaced(where: exp.Expr, place: int, by: exp.Expr) -> exp.Expr:
    """A copy of the condition with its bound number `place` replaced."""
    root = exp.Paren(this=where.copy())
    _bounds(root)[place].replace(by)
    return root


def _moved(bound: exp.Binary, counts: pd.DataFrame, misfit: dict[str, Any]) -> Proposal | None:
    """The bound with another number, a round one, that comes closest to the aim."""
    known = counts.dropna(subset="value")
    values = known["value"].to_numpy(dtype="float64")
    movable = (known["customers"] - known["anyway"]).to_numpy(dtype="float64")
    always = float(counts["anyway"].sum())
    compare, now = _COMPARISONS[type(bound)], float(bound.right.this)
    best: tuple[float, float, int] | None = None
    is_whole = bound.right.is_int
    for number in sorted({_round(value, is_whole) for value in values} - {now}):
        members = int(always + movable[compare(values, number)].sum())
        if misfit["fewest"] <= members <= misfit["most"]:
            found = (abs(members - misfit["aim"]), number, members)
            best = min(best or found, found)
    if best is None:
        return None
    proposed = bound.copy()
    proposed.set(
        "expression", exp.Literal.number(f"{best[1]:.0f}" if best[1] >= 10 else f"{best[1]:g}")
    )
    return Proposal(bound.sql("duckdb"), proposed.sql("duckdb"), best[2])


def _round(value: float, is_whole: bool) -> float:
    """A number that people would write: two digits that count; whole from 1 on where the rule has a whole number."""
    short = float(f"{value:.2g}")
    return float(round(short)) if is_whole and abs(short) >= 1 else short
