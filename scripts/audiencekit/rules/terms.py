"""Pieces of SQL as z3 terms: columns, numbers and texts, and how they are converted to a common type.

Texts and moments become numbers in the same order, because a rule can only compare them. The rounding of doubles is
part of a term: a result may be off by as much as rounding allows.
"""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import z3

NUMBERS = ("whole", "decimal", "double")  # from narrow to wide
# Twice what IEEE 754 allows one operation on doubles, away from zero and near it.
_RELATIVE, _ABSOLUTE = str(Fraction(1, 2**52)), str(Fraction(1, 2**1022))


class NotAnalysed(Exception):
    """A rule, or a part of it, that the analysis cannot read with certainty; the message says which."""


@dataclass(frozen=True)
class Term:
    """A piece of SQL: its value, and whether it is null.

    `kind` is whole, decimal, double, truth, text, timestamp, date or, for the literal, null. `sql` is its SQL.
    """

    kind: str
    value: z3.ExprRef
    null: z3.BoolRef
    sql: str

    @property
    def is_true(self) -> z3.BoolRef:
        return z3.And(self.value, z3.Not(self.null))

    @property
    def is_false(self) -> z3.BoolRef:
        return z3.Not(z3.Or(self.value, self.null))


def column(name: str, types: dict[str, str], ctx: z3.Context) -> Term:
    """A column by its SQL type. Raises NotAnalysed for an unknown name or type."""
    if name not in types:
        raise NotAnalysed(f"{name} is no column of customer_360")
    sql_type = types[name].upper()
    if re.fullmatch(r"(TINY|SMALL|BIG|HUGE)?INT(EGER)?", sql_type):
        kind = "whole"
    elif sql_type.startswith("DECIMAL("):
        kind = "decimal"
    elif sql_type in ("TIMESTAMP", "DATE"):
        kind = sql_type.lower()
    else:
        kinds = {"DOUBLE": "double", "BOOLEAN": "truth", "VARCHAR": "text", "STRING": "text"}
        kind = kinds.get(sql_type, "")
    if not kind:
        raise NotAnalysed(f"{name} is of type {sql_type}")
    make = {"whole": z3.Int, "truth": z3.Bool}.get(kind, z3.Real)
    return Term(kind, make(name, ctx), z3.Bool(f"{name} is null", ctx), name)


def number(text: str, ctx: z3.Context) -> Term:
    """A literal number, typed as DuckDB does: 3 is whole, 3.0 a decimal and 3e0 a double."""
    never = z3.BoolVal(False, ctx)
    try:
        if text.isdigit():
            return Term("whole", z3.IntVal(int(text), ctx), never, text)
        double = "e" in text.lower()
        exact = Fraction(float(text) if double else text)
    except ValueError:
        raise NotAnalysed(f"{text} is no number") from None
    return Term("double" if double else "decimal", z3.RealVal(str(exact), ctx), never, text)


def as_kind(one: Term, kind: str) -> Term:
    """The term as another kind: null as any kind, and a number as a wider one. Raises NotAnalysed."""
    if one.kind == kind:
        return one
    ctx = one.null.ctx
    if one.kind == "null":
        zero = {"whole": z3.IntVal(0, ctx), "truth": one.value}.get(kind, z3.RealVal(0, ctx))
        return Term(kind, zero, one.null, one.sql)
    if one.kind not in NUMBERS or kind not in NUMBERS:
        raise NotAnalysed(f"{one.sql} is a {one.kind} where a {kind} is asked for")
    value = z3.ToReal(one.value) if one.kind == "whole" else one.value
    if kind == "double":
        constant = z3.simplify(value)
        if z3.is_rational_value(constant):
            value = z3.RealVal(str(Fraction(float(constant.as_fraction()))), ctx)
        elif one.kind == "decimal":
            value = _rounded(value, one.sql)
    return Term(kind, value, one.null, one.sql)


def as_common_kind(terms: Sequence[Term]) -> list[Term]:
    """Terms as the widest of their kinds."""
    kinds = [one.kind for one in terms if one.kind != "null"] or ["null"]
    is_number = all(kind in NUMBERS for kind in kinds)
    wide = max(kinds, key=NUMBERS.index) if is_number else kinds[0]
    return [as_kind(one, wide) for one in terms]


def as_number(one: Term) -> Term:
    """The term, if it is a number or null. Raises NotAnalysed otherwise."""
    return one if one.kind in NUMBERS else as_kind(one, "whole")


def compared(compare: Callable[..., z3.BoolRef], one: Term, other: Term) -> Term:
    """`compare` (of module operator) of two terms: null if either is. Raises NotAnalysed."""
    one, other = as_common_kind([one, other])
    if one.kind in ("truth", "null") and compare not in (operator.eq, operator.ne):
        raise NotAnalysed(f"{one.sql} is compared as if it had an order")
    value = compare(one.value, other.value)
    return Term("truth", value, z3.Or(one.null, other.null), one.sql)


def calculated(calculate: Callable[..., z3.ArithRef], one: Term, other: Term, sql: str) -> Term:
    """`calculate` (of module operator) of two numbers: null if either is. A quotient is a double."""
    one, other = as_common_kind([as_number(one), as_number(other)])
    if calculate is operator.truediv:
        one, other = as_kind(one, "double"), as_kind(other, "double")
    value = calculate(one.value, other.value)
    if one.kind == "double":
        value = _rounded(value, sql)
    return Term(one.kind, value, z3.Or(one.null, other.null), sql)


def _rounded(exact: z3.ArithRef, sql: str) -> z3.ArithRef:
    """`exact` plus or minus what a double may lose; the same SQL always loses the same amount."""
    ctx = exact.ctx
    loss = z3.Real(f"rounding of {sql}", ctx)
    size = z3.If(exact < 0, -exact, exact)
    most = size * z3.RealVal(_RELATIVE, ctx) + z3.RealVal(_ABSOLUTE, ctx)
    return exact + z3.If(loss > most, most, z3.If(loss < -most, -most, loss))


def choose(condition: z3.BoolRef, one: Term, other: Term) -> Term:
    """`one` where the condition is true, else `other`; both of the same kind."""
    value = z3.If(condition, one.value, other.value)
    return Term(one.kind, value, z3.If(condition, one.null, other.null), other.sql)
