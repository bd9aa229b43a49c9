"""Prove with z3 that claims cannot all be true, within a fixed amount of work and with the same result every time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import z3

# Steps of z3, not seconds, so that a slower machine gets the same result. It is about a third of a second. All rules
# of this project together take less than half of it.
MOST_WORK = 2_000_000


class Undecided(Exception):
    """z3 neither proved nor refuted the claims within MOST_WORK."""


@dataclass(frozen=True)
class Claim:
    """A statement about a customer, as SQL and as a formula: from a rule, from another segment, or a fact."""

    source: str  # 'rule', 'fact', or the code of the segment it is not in
    text: str
    formula: z3.BoolRef

    @cached_property
    def names(self) -> frozenset[str]:
        """The variables of the formula: columns, and whether they are null."""
        names, seen, queue = set(), set(), [self.formula]
        while queue:
            part = queue.pop()
            if part.get_id() not in seen:
                seen.add(part.get_id())
                queue += part.children()
                if z3.is_const(part) and part.decl().kind() == z3.Z3_OP_UNINTERPRETED:
                    names.add(part.decl().name())
        return frozenset(names)


def about(claims: Sequence[Claim], facts: Sequence[Claim]) -> list[Claim]:
    """The facts about the columns of `claims`, and about columns that such facts relate to them.

    Other facts cannot contradict the claims, and cost time.
    """
    names: frozenset[str] = frozenset().union(*(claim.names for claim in claims))
    while True:
        relevant = [fact for fact in facts if fact.names & names]
        wider = names.union(*(fact.names for fact in relevant))
        if wider == names:
            return relevant
        names = wider


def refute(claims: Sequence[Claim]) -> tuple[list[Claim], z3.ModelRef | None]:
    """Claims that contradict each other, of which none can be left out, and None; or [], and an example in which all
    claims are true. Raises Undecided."""
    solver = _solver(claims)
    answer = solver.check()
    if answer == z3.sat:
        return [], solver.model()
    if answer != z3.unsat:
        raise Undecided
    core = _core(claims)
    # Leave out facts first. They are at the end, and the rule itself makes the better explanation.
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
    """Some of the claims that already contradict each other, as z3 finds them; all of them if it finds none."""
    ctx = claims[0].formula.ctx
    solver = z3.Solver(ctx=ctx)
    solver.set(rlimit=MOST_WORK, random_seed=0)
    flags = [z3.Bool(f"claim {place}", ctx) for place in range(len(claims))]
    for flag, claim in zip(flags, claims, strict=True):
        solver.add(z3.Implies(flag, claim.formula))
    if solver.check(*flags) != z3.unsat:
        return list(claims)
    in_core = {flag.get_id() for flag in solver.unsat_core()}
    return [c for flag, c in zip(flags, claims, strict=True) if flag.get_id() in in_core]
