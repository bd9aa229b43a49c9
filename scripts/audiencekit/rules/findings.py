"""Findings about rules: which can never match, which is contained in another, which never comes first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import z3

from audiencekit.rules.proofs import Claim, Undecided, about, refute


@dataclass(frozen=True)
class Rule:
    """A segment in the audit. `claims` are the conditions of its rule; at least one."""

    code: str
    priority: int
    excludes: frozenset[str]
    claims: tuple[Claim, ...]

    @property
    def standing(self) -> tuple[int, str]:
        """The same order as in macros/segment_precedence.sql: the lowest comes first."""
        return self.priority, self.code

    @cached_property
    def matches(self) -> z3.BoolRef:
        """The formula that is true of customers in the segment."""
        return z3.And([claim.formula for claim in self.claims])

    @cached_property
    def missed(self) -> Claim:
        """The claim that a customer is not in the segment."""
        return Claim(self.code, f"not in {self.code}", z3.Not(self.matches))


@dataclass(frozen=True)
class Finding:
    """One row of the audit. `other` is '' where the finding is not about a single other segment."""

    code: str
    other: str
    finding: str
    explanation: str


def not_analysed(code: str, why: object) -> Finding:
    return Finding(code, "", "not_analysed", f"The rule of {code} was not analysed: {why}.")


class _Audit:
    """The rules that a customer can match, with an example for each, and the facts."""

    def __init__(self, facts: Sequence[Claim]):
        self.facts = list(facts)
        self.live: dict[str, Rule] = {}
        self.examples: dict[str, z3.ModelRef] = {}

    def admit(self, rule: Rule) -> list[Claim]:
        """The claims by which nobody can match. If it is empty, the rule is added to `live`."""
        core, example = self.refute(rule.claims)
        if example is not None:
            self.live[rule.code], self.examples[rule.code] = rule, example
        return core

    def cover(self, rule: Rule, others: Sequence[Rule]) -> list[Claim]:
        """The claims by which everyone in `rule` is in one of `others`, or [] if a customer may be in none of them.

        The claims name those of `others` that the proof needs.
        """
        example = self.examples[rule.code]
        if all(z3.is_false(example.eval(other.matches, True)) for other in others):
            return []
        return self.refute([*rule.claims, *(other.missed for other in others)])[0]

    def refute(self, claims: Sequence[Claim]) -> tuple[list[Claim], z3.ModelRef | None]:
        return refute([*claims, *about(claims, self.facts)])


def find_in_rules(rules: Sequence[Rule], facts: Sequence[Claim]) -> Iterator[Finding]:
    """Every finding about `rules`. A finding may come twice with different explanations."""
    audit = _Audit(facts)
    for rule in rules:
        try:
            if core := audit.admit(rule):
                yield Finding(rule.code, "", "never_matches", _never_matches(core))
        except Undecided:
            yield not_analysed(rule.code, "whether anybody can match could not be decided")
    for rule in audit.live.values():
        for check in (_contradictions, _unreachable):
            try:
                yield from check(rule, audit)
            except Undecided:
                yield not_analysed(
                    rule.code, "whether others always come before it could not be decided"
                )
    yield from _inclusions(audit)


def _inclusions(audit: _Audit) -> Iterator[Finding]:
    contained: dict[tuple[str, str], list[Claim]] = {}
    for rule in audit.live.values():
        for other in audit.live.values():
            if other is not rule:
                try:
                    if core := audit.cover(rule, [other]):
                        contained[rule.code, other.code] = core
                except Undecided:
                    why = (
                        f"Whether everyone in {rule.code} is in {other.code} could not be decided."
                    )
                    yield Finding(rule.code, other.code, "not_analysed", why)
    for (code, container), core in contained.items():
        if (container, code) in contained:
            why = f"{code} and {container} are the same rule in two wordings: everyone in one is in both."
            yield Finding(code, container, "same_rule", why)
        else:
            enough = _joined([c.text for c in core if c.source == "rule"]) or "being a customer"
            why = f"Everyone in {code} is also in {container}, for any data: {enough} is sufficient{_given(core)}."
            yield Finding(code, container, "swallowed", why)


def _contradictions(rule: Rule, audit: _Audit) -> Iterator[Finding]:
    if rule.code in rule.excludes:
        why = f"Nobody is ever addressed for {rule.code}: it excludes itself."
        yield Finding(rule.code, rule.code, "contradiction", why)
    excluded = [r for r in audit.live.values() if r.code in rule.excludes and r is not rule]
    core = audit.cover(rule, excluded)
    if blocking := _segments(core):
        either = " or ".join(f"{code}, which it excludes" for code in blocking)
        text = f"Nobody is ever addressed for {rule.code}: everyone in it is also in {either}{_given(core)}."
        yield Finding(rule.code, _only(blocking), "contradiction", text)
    for other in excluded:
        if rule.code in other.excludes:
            disjoint, _ = audit.refute([*rule.claims, *other.claims])
            if not disjoint:
                why = f"{rule.code} and {other.code} exclude each other: customers in both are addressed for neither."
                yield Finding(rule.code, other.code, "contradiction", why)


def _unreachable(rule: Rule, audit: _Audit) -> Iterator[Finding]:
    before = [r for r in audit.live.values() if r.standing < rule.standing]
    core = audit.cover(rule, before)
    if first := _segments(core):
        either = " or ".join(f"{code} (priority {audit.live[code].priority})" for code in first)
        why = (
            f"{rule.code} (priority {rule.priority}) is never a customer's primary segment: everyone in it "
            f"is also in {either}, which comes first{_given(core)}."
        )
        yield Finding(rule.code, _only(first), "unreachable_priority", why)


def _never_matches(core: list[Claim]) -> str:
    texts = [claim.text for claim in core if claim.source == "rule"]
    cannot = {1: "can never be true", 2: "cannot both be true"}.get(
        len(texts), "cannot all be true"
    )
    return f"Nobody can match: {_joined(texts)} {cannot}{_given(core)}."


def _given(core: list[Claim]) -> str:
    facts = _joined([claim.text for claim in core if claim.source == "fact"])
    return f", given that {facts}" if facts else ""


def _joined(texts: list[str]) -> str:
    return " and ".join(texts)


def _segments(core: list[Claim]) -> list[str]:
    return [claim.source for claim in core if claim.source not in ("rule", "fact")]


def _only(codes: list[str]) -> str:
    return codes[0] if len(codes) == 1 else ""
