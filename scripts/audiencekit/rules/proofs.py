"""Claims that cannot all be true, proved by z3: within a fixed amount of work, and the same every time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import z3

# Steps of z3, not seconds: a slower machine decides the same. About a third of a second; all rules of this project
# together take less than half of it.
MOST_WORK = 2_000_000


class Undecided(Exception):
    """z3 neither proved nor refuted the claims within MOST_WORK."""


@dataclass(frozen=True)
class Claim:
    """Something said of a customer, as SQL and as a formula: by a rule, by another segment, or a fact."""

    source: str  # 'rule', 'fact', or the code of the segment it is not in
    text: str
    formula: z3.BoolRef

    @cached_property
    def names(self) -> frozenset[str]:
        """Everything the formula leaves open: columns, and whether they are null."""
        found, seen, left = set(), set(), [self.formula]
        while left:
            part = left.pop()
            if part.get_id() not in seen:
                seen.add(part.get_id())
                left += part.children()
                if z3.is_const(part) and part.decl().kind() == z3.Z3_OP_UNINTERPRETED:
                    found.add(part.decl().name())
        return frozenset(found)


def about(claims: Sequence[Claim], facts: Sequence[Claim]) -> list[Claim]:
    """The facts that may bear on `claims`: on their columns, or on columns that such facts tie to them.
    The others can contradict nothing, and cost time."""
    names = frozenset().union(*(claim.names for claim in claims))
    while True:
        found = [fact for fact in facts if fact.names & names]
        wider = names.union(*(fact.names for fact in found))
        if wider == names:
            return found
        names = wider


def refute(claims: Sequence[Claim]) -> tuple[list[Claim], z3.ModelRef | None]:
    """The fewest of `claims` that contradict each other (none can be left out), and None; or none, and
    an example in which all are true. Raises Undecided."""
    solver = _solver(claims)
    answer = solver.check()
    if answer == z3.sat:
        return [], solver.model()
    if answer != z3.unsat:
        raise Undecided
    core = _core(claims)
    # From the end, where facts stand: what a rule says itself explains better.
    for claim in core[::-1]:
        fewer = [other for other in core if other is not claim]
        if fewer and _solver(fewer).check() == z3.unsat:
            core = fewer
    return core, None


def _solver(claims: Sequence[Claim]) -> z3.Solver:
    solver = z3.Solver(ctx=claims[0].formula.ctx)
    solver.set(rlimit=MOST_WORK, random_seed=0)
    solver.add([claim.formula for claim in claims])
    return solver


def _core(claims: Sequence[Claim]) -> list[Claim]:
    """Some of the claims that already contradict each other, as z3 first meets them; all if it cannot say."""
    ctx = claims[0].formula.ctx
    solver = z3.Solver(ctx=ctx)
    solver.set(rlimit=MOST_WORK, random_seed=0)
    flags = [z3.Bool(f"claim {place}", ctx) for place in range(len(claims))]
    for flag, claim in zip(flags, claims, strict=True):
        solver.add(z3.Implies(flag, claim.formula))
    if solver.check(*flags) != z3.unsat:
        return list(claims)
    told = {flag.get_id() for flag in solver.unsat_core()}
    return [c for flag, c in zip(flags, claims, strict=True) if flag.get_id() in told]
