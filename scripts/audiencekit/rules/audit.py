"""Audit segments by their rules alone: findings that hold for any data, proved by z3.

The rules are the text in dim_segments.definition, which is the SQL that runs. Findings are about these definitions;
only the engine decides who is in a segment.
"""

import json
from collections.abc import Callable, Mapping
from typing import TypeVar

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

Read = TypeVar("Read")
COLUMNS = ["segment_code", "other_segment_code", "finding", "explanation"]


def audit_rules(
    segments: pd.DataFrame, types: Mapping[str, str], facts: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Compare the rules of `segments` with each other: one row per segment, other segment and finding.

    `segments` is dim_segments (`excludes` may be missing). `types` holds the SQL types of customer_360's columns.
    `facts` holds conditions on them that are never false, by their words, in addition to those that follow from
    names of columns.

    Findings: never_matches, contradiction, swallowed, same_rule, unreachable_priority, not_analysed.
    Sorted, and the same every time. Raises UserError for a fact that cannot be read.
    """
    rules, claims, refused = _read(segments, dict(types), dict(facts or {}))
    explanations: dict[tuple[str, str, str], str] = {}
    for one in [*refused, *find_in_rules(rules, claims)]:
        explanations.setdefault((one.code, one.finding, one.other), one.explanation)
    rows = [
        (code, other or None, what, why)
        for (code, what, other), why in sorted(explanations.items())
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype("str")


def _read(
    segments: pd.DataFrame, types: dict[str, str], extra_facts: dict[str, str]
) -> tuple[list[Rule], list[Claim], list[Finding]]:
    """The rules in order of their codes, the facts, and the rules that cannot be read."""
    context = z3.Context()
    trees: dict[str, dict[str, exp.Expr]] = {}
    refused: list[Finding] = []
    rows = {row["segment_code"]: row for row in segments.to_dict("records")}
    conditions = facts_from_names(types) | extra_facts
    facts = {words: _read_fact(read_condition, sql) for words, sql in conditions.items()}
    for code in sorted(rows):
        try:
            trees[code] = read_definition(rows[code]["definition"])
        except NotAnalysed as problem:
            refused.append(not_analysed(code, problem))
    texts = rank_texts([*facts.values(), *(t for tree in trees.values() for t in tree.values())])
    claims, rules = [], []
    for words, tree in facts.items():
        fact = _read_fact(truth, tree, Scope(types, {}, texts, context))
        claims.append(Claim("fact", words, z3.Not(fact.is_false)))
    for code, definition in trees.items():
        try:
            rules.append(_rule(rows[code], Scope(types, definition, texts, context)))
        except NotAnalysed as problem:
            refused.append(not_analysed(code, problem))
    return rules, claims, refused


def _read_fact(read: Callable[..., Read], fact: str | exp.Expr, *scope: Scope) -> Read:
    """What `read` makes of a fact. Raises UserError for a fact that cannot be read."""
    try:
        return read(fact, *scope)
    except NotAnalysed as problem:
        raise UserError(
            f"The fact '{fact}' cannot be read: {problem}. Fix it under int_rule_findings in "
            "models/segments/int_rule_findings.yml."
        ) from None


def _rule(row: dict, scope: Scope) -> Rule:
    """The rule of one row of dim_segments, whose definition is `scope.rules`."""
    conditions = conjuncts(scope.rules[""], scope) or [("true", z3.BoolVal(True, scope.context))]
    return Rule(
        code=row["segment_code"],
        priority=int(row["priority"]),
        excludes=_codes(row.get("excludes")),
        claims=tuple(Claim("rule", sql, formula) for sql, formula in conditions),
    )


def _codes(text: object) -> frozenset[str]:
    """The codes of a JSON array; none for null."""
    return frozenset(json.loads(text) if isinstance(text, str) and text else [])
