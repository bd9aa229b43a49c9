"""A segment's rule as a formula of z3, in SQL's three-valued logic.

A formula is made from the text of the rule, to compare rules with each other. It does not evaluate the rule: only the
engine decides who is in a segment. SQL that cannot be read with certainty raises NotAnalysed.
"""

import operator
from collections.abc import Iterator
from dataclasses import dataclass, replace

import z3
from sqlglot import exp

from audiencekit.rules.terms import (
    NotAnalysed,
    Term,
    as_common_kind,
    as_kind,
    as_number,
    calculated,
    choose,
    column,
    compared,
    number,
)

_COMPARISONS = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
}
_SUMS = {
    exp.Add: operator.add,
    exp.Sub: operator.sub,
    exp.Mul: operator.mul,
    exp.Div: operator.truediv,
}


@dataclass(frozen=True)
class Scope:
    """The meaning of names: SQL types of columns, rules that a rule reads, literal texts by their rank."""

    types: dict[str, str]
    rules: dict[str, exp.Expr]
    texts: dict[str, int]
    context: z3.Context


def conjuncts(select: exp.Expr, scope: Scope) -> list[tuple[str, z3.BoolRef]]:
    """The conditions that every selected customer meets: SQL and formula of each."""
    source = select.args.get("from_") and select.args["from_"].this
    clauses = {name for name, value in select.args.items() if value}
    if (
        not isinstance(select, exp.Select)
        or clauses - {"kind", "expressions", "from_", "where"}
        or not isinstance(source, exp.Table)
        or {name for name, value in source.args.items() if value} - {"this", "alias"}
        or [e.sql() for e in select.expressions] != ["customer_key"]
    ):
        raise NotAnalysed(f"{select.sql('duckdb')} is more than customer keys and a condition")
    conditions = []
    if source.name in scope.rules:
        conditions = conjuncts(scope.rules[source.name], scope)
    elif source.name != "customer_360":
        raise NotAnalysed(f"{source.name} is neither customer_360 nor a rule")
    if select.args.get("where"):
        for part in _parts(select.args["where"].this):
            conditions.append((part.sql("duckdb"), truth(part, scope).is_true))
    return conditions


def _parts(node: exp.Expr) -> Iterator[exp.Expr]:
    node = node.unnest()
    if isinstance(node, exp.And):
        yield from _parts(node.left)
        yield from _parts(node.right)
    else:
        yield node


def truth(node: exp.Expr, scope: Scope) -> Term:
    """A condition: true, false or null."""
    return as_kind(term(node, scope), "truth")


def term(node: exp.Expr, scope: Scope) -> Term:
    """Any expression a rule may hold. Raises NotAnalysed for one the analysis does not know."""
    sql, ctx = node.sql("duckdb"), scope.context
    return replace(_term(node, sql, scope, z3.BoolVal(False, ctx)), sql=sql)


def _term(node: exp.Expr, sql: str, scope: Scope, never: z3.BoolRef) -> Term:
    ctx = scope.context
    match node:
        case exp.Paren():
            return term(node.this, scope)
        case exp.Column() | exp.Null() | exp.Boolean() | exp.Literal():
            return _leaf(node, sql, scope, never)
        case exp.Coalesce() | exp.Nullif() | exp.Case():
            return _choice(node, scope)
        case exp.Neg():
            one = as_number(term(node.this, scope))
            return replace(one, value=-one.value)
        case exp.Cast() if type(node) is exp.Cast and node.to.sql() == "DOUBLE":
            return as_kind(as_number(term(node.this, scope)), "double")
        case exp.Add() | exp.Sub() | exp.Mul() | exp.Div():
            pair = term(node.left, scope), term(node.right, scope)
            if isinstance(node, exp.Div) and _may_be_zero(node.right.unnest()):
                # Engines differ: the result is infinity, null or an error.
                raise NotAnalysed(f"{sql} may divide by zero")
            return calculated(_SUMS[type(node)], *pair, sql)
        case exp.Like() | exp.ILike():
            # Opaque: it may be true of any text, but of the same one everywhere.
            texts = [as_kind(term(n, scope), "text") for n in (node.this, node.expression)]
            return Term("truth", z3.Bool(sql, ctx), z3.Or([t.null for t in texts]), sql)
    return _condition(node, sql, scope, never)


def _leaf(node: exp.Expr, sql: str, scope: Scope, never: z3.BoolRef) -> Term:
    """A column or a literal."""
    ctx = scope.context
    match node:
        case exp.Column():
            return column(node.name.lower(), scope.types, ctx)
        case exp.Null():
            return Term("null", never, z3.BoolVal(True, ctx), sql)
        case exp.Boolean():
            return Term("truth", z3.BoolVal(node.this, ctx), never, sql)
        case exp.Literal(is_string=True):
            return Term("text", z3.RealVal(scope.texts[node.this], ctx), never, sql)
    return number(node.this, ctx)


def _condition(node: exp.Expr, sql: str, scope: Scope, never: z3.BoolRef) -> Term:
    """An expression that is true, false or null."""
    match node:
        case exp.Not():
            one = truth(node.this, scope)
            return replace(one, value=z3.Not(one.value))
        case exp.And() | exp.Or():
            return _joined(node, sql, scope)
        case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
            pair = term(node.left, scope), term(node.right, scope)
            return compared(_COMPARISONS[type(node)], *pair)
        case exp.NullSafeEQ() | exp.NullSafeNEQ():
            one, other = as_common_kind([term(node.left, scope), term(node.right, scope)])
            same = z3.And(one.null == other.null, z3.Or(one.null, one.value == other.value))
            return Term(
                "truth", same if isinstance(node, exp.NullSafeEQ) else z3.Not(same), never, sql
            )
        case exp.Between() if not node.args.get("symmetric"):
            low = exp.GTE(this=node.this, expression=node.args["low"])
            return truth(low.and_(exp.LTE(this=node.this, expression=node.args["high"])), scope)
        case exp.In() if node.args.get("query") and node.this.sql() == "customer_key":
            # Keys are unique, so the row that the other select names is this one.
            inner = conjuncts(node.args["query"].unnest(), scope)
            return Term("truth", z3.And([f for _, f in inner] + [z3.Not(never)]), never, sql)
        case exp.In() if node.expressions:
            equals = [exp.EQ(this=node.this, expression=e) for e in node.expressions]
            return truth(exp.or_(*equals), scope)
        case exp.Is() if isinstance(node.expression, exp.Null):
            return Term("truth", term(node.this, scope).null, never, sql)
        case exp.Is() if isinstance(node.expression, exp.Boolean):
            one = truth(node.this, scope)
            return Term("truth", one.is_true if node.expression.this else one.is_false, never, sql)
    raise NotAnalysed(f"{sql} is not among what the analysis reads")


def _choice(node: exp.Coalesce | exp.Nullif | exp.Case, scope: Scope) -> Term:
    """An expression that is one of several others."""
    match node:
        case exp.Coalesce():
            *firsts, chosen = as_common_kind(
                [term(n, scope) for n in (node.this, *node.expressions)]
            )
            for one in reversed(firsts):
                chosen = choose(z3.Not(one.null), one, chosen)
            return chosen
        case exp.Nullif():
            one = term(node.this, scope)
            same = compared(operator.eq, one, term(node.expression, scope))
            return replace(one, null=z3.Or(one.null, same.is_true))
        case exp.Case():
            return _case(node, scope)


def _joined(node: exp.And | exp.Or, sql: str, scope: Scope) -> Term:
    one, other = truth(node.left, scope), truth(node.right, scope)
    all_, any_ = (z3.And, z3.Or) if isinstance(node, exp.And) else (z3.Or, z3.And)
    true, false = all_(one.is_true, other.is_true), any_(one.is_false, other.is_false)
    return Term("truth", true, z3.Not(z3.Or(true, false)), sql)


def _may_be_zero(divisor: exp.Expr) -> bool:
    if isinstance(divisor, exp.Nullif):
        return divisor.expression.sql() != "0"
    return not isinstance(divisor, exp.Literal) or divisor.is_string or not float(divisor.this)


def _case(node: exp.Case, scope: Scope) -> Term:
    branches = node.args["ifs"]
    results = [b.args["true"] for b in branches] + [node.args.get("default") or exp.null()]
    *firsts, chosen = as_common_kind([term(result, scope) for result in results])
    for branch, one in zip(reversed(branches), reversed(firsts), strict=True):
        when = term(branch.this, scope)
        if node.this:
            when = compared(operator.eq, term(node.this, scope), when)
        chosen = choose(as_kind(when, "truth").is_true, one, chosen)
    return chosen
