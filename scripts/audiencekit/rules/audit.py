"""Audit segments by their rules alone: what holds whatever the data, proved by z3.

The rules are the text in dim_segments.definition, which is the SQL that runs. What is found is about the
definitions; who is in a segment stays for the engine to say.
"""

import json
from collections.abc import Callable, Mapping

import pandas as pd
import z3
from sqlglot import exp

from audiencekit.errors import UserError
from audiencekit.rules.facts import facts_from_names
from audiencekit.rules.findings import Finding, Rule, find_in_rules, not_analysed
from audiencekit.rules.formula import Scope, conjuncts, truth
from audiencekit.rules.proofs import Claim
from audiencekit.rules.terms import NotAnalysed
from audiencekit.rules.text import rank_texts, read_condition, read_definition

COLUMNS = ["segment_code", "other_segment_code", "finding", "explanation"]


def audit_rules(
    segments: pd.DataFrame, types: Mapping[str, str], facts: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """What the rules of `segments` say of each other: one row per segment, other segment and finding.

    `segments` is dim_segments (`excludes` may be missing), `types` the SQL types of
    customer_360's columns, `facts` conditions on them that are never false, by what they say in words,
    beside those that names of columns give.
    Findings: never_matches, contradiction, swallowed, same_rule, unreachable_priority, not_analysed.
    Sorted, and the same every time. Raises UserError for a fact that cannot be read.
    """
    rules, known, refused = _read(segments, dict(types), dict(facts or {}))
    found: dict[tuple[str, str, str], str] = {}
    for one in [*refused, *find_in_rules(rules, known)]:
        found.setdefault((one.code, one.finding, one.other), one.explanation)
    rows = [(code, other or None, what, why) for (code, what, other), why in sorted(found.items())]
    return pd.DataFrame(rows, columns=COLUMNS).astype("str")


def _read(
    segments: pd.DataFrame, types: dict[str, str], given: dict[str, str]
) -> tuple[list[Rule], list[Claim], list[Finding]]:
    """The rules in order of their codes, the facts, and the rules that cannot be read."""
    context, trees, refused = z3.Context(), {}, []
    rows = {row["segment_code"]: row for row in segments.to_dict("records")}
    said = facts_from_names(types) | given
    facts = {words: _fact(read_condition, sql) for words, sql in said.items()}
    for code in sorted(rows):
        try:
            trees[code] = read_definition(rows[code]["definition"])
        except NotAnalysed as problem:
            refused.append(not_analysed(code, problem))
    texts = rank_texts([*facts.values(), *(t for tree in trees.values() for t in tree.values())])
    known, rules = [], []
    for words, tree in facts.items():
        fact = _fact(truth, tree, Scope(types, {}, texts, context))
        known.append(Claim("fact", words, z3.Not(fact.is_false)))
    for code, tree in trees.items():
        try:
            rules.append(_rule(rows[code], tree, Scope(types, tree, texts, context)))
        except NotAnalysed as problem:
            refused.append(not_analysed(code, problem))
    return rules, known, refused


def _fact(read: Callable, fact: str | exp.Expression, *scope: Scope):
    try:
        return read(fact, *scope)
    except NotAnalysed as problem:
        raise UserError(
            f"The fact '{fact}' cannot be read: {problem}. Mend it under int_rule_findings in "
            "models/segments/int_rule_findings.yml."
        ) from None


def _rule(row: dict, tree: dict[str, exp.Expression], scope: Scope) -> Rule:
    said = conjuncts(tree[""], scope) or [("true", z3.BoolVal(True, scope.context))]
    return Rule(
        code=row["segment_code"],
        priority=int(row["priority"]),
        excludes=_codes(row.get("excludes")),
        claims=tuple(Claim("rule", sql, formula) for sql, formula in said),
    )


def _codes(text: object) -> frozenset[str]:
    """The codes of a JSON array; none for null."""
    return frozenset(json.loads(text) if isinstance(text, str) and text else [])
