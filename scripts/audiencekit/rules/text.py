"""The text of segments' rules, parsed into SQL trees."""

import re
from collections.abc import Iterable

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from audiencekit.rules.terms import NotAnalysed


def read_definition(definition: str) -> dict[str, exp.Expr]:
    """A line of dim_segments.definition as SQL trees by name: the rule itself as '', and the rules it reads."""
    first, *others = re.split(r" \| (seg_\w+): ", definition)
    lines = {"": first} | dict(zip(others[::2], others[1::2], strict=True))
    return {name: _parse(line) for name, line in lines.items()}


def read_condition(text: str) -> exp.Expr:
    """A condition on columns, as it is written after `where`."""
    return _parse(f"select 1 where {text}").args["where"].this


def _parse(text: str) -> exp.Expr:
    try:
        return parse_one(text, dialect="duckdb")
    except SqlglotError as problem:
        raise NotAnalysed(f"the SQL does not parse: {str(problem).splitlines()[0]}") from None


def rank_texts(trees: Iterable[exp.Expr]) -> dict[str, int]:
    """Every literal text of the trees, in the order in which SQL sorts them."""
    texts = {n.this for tree in trees for n in tree.find_all(exp.Literal) if n.is_string}
    return {text: rank for rank, text in enumerate(sorted(texts))}
