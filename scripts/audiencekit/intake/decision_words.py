"""Words by which the name of a column or a file, or a value, says that it may hold what people agreed to or refused.

They are in seeds/decision_words.csv, in seven languages and without accents. What is compared with them is in lower case,
without accents, and with one space between its words, so that DoNotMail, do_not_mail and do-not-mail are one.
"""

import csv
import re
import unicodedata
from functools import cache

from audiencekit.dbt_project import seed_file
from audiencekit.sql import literal

WORDS = seed_file("decision_words")
# Where a word counts: anywhere, where a word begins, as a word of its own, at the beginning, as the whole.
MATCHES = {
    "part": "{}",
    "word": r"\b{}",
    "whole": r"\b{}\b",
    "first": "^{}",
    "name": "^{}$",
}
# Names of columns that identify a person.
IDENTIFIER = re.compile(
    r"e ?mail|\bmail|phone|mobile|telef|\bids?\b|\b(customer|contact|user|member|kunde|cliente|client)\b"
)
_SUBJECT = r"(consents?|cookies?|permission|tracking|marketing|gdpr|privacy)"
_REFUSED = r"(declin|den(y|ied)|refus|reject|withdr[ae]w|revok)\w*"
# Declined consent, in both orders of the words.
_DECLINED = rf"{_SUBJECT} {_REFUSED}|{_REFUSED} (all )?{_SUBJECT}"


def in_words(name: str) -> str:
    """A name in lower case, without accents, its words divided by spaces: DoNotMail as do not mail."""
    divided = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    letters = unicodedata.normalize("NFKD", divided.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", " ", plain).strip()


def may_decide(name: str) -> bool:
    """Whether a column may hold what people agreed to or refused, by its name."""
    return bool(_pattern("in_column").search(in_words(name)))


def flag_may_decide(name: str) -> bool:
    """Whether a column may hold what people agreed to or refused, if its values are yes and no."""
    return bool(_pattern("in_flag").search(in_words(name)))


def file_may_decide(name: str) -> bool:
    """Whether a file may hold what people agreed to or refused, by its name."""
    return bool(_pattern("in_file").search(in_words(name)))


def header_may_decide(header: str) -> bool:
    """Whether a header, the first line of a file, names both people and what they agreed to or refused."""
    names = re.split(r"[,;|\t]", header)
    return any(map(may_decide, names)) and any(IDENTIFIER.search(in_words(name)) for name in names)


def may_refuse(value: str, of_orders: bool = False) -> bool:
    """Whether a value may state that somebody refused something, or asked for erasure.

    A value `of_orders` such as refused or withdrawn may be about the order, and does not count.
    """
    words = in_words(value)
    return bool(
        _pattern("in_value", not of_orders).search(words)
        or (not of_orders and re.search(_DECLINED, words))
    )


def may_refuse_sql(text: str) -> str:
    """SQL that is true for every text of which a part `may_refuse`, and for some others. It is fast."""
    return f"coalesce(regexp_matches(lower(strip_accents({text})), {literal(_loose_pattern())}), false)"


@cache
def _pattern(use: str, with_names: bool = True) -> re.Pattern[str]:
    found = [
        MATCHES[match].format(_spelled(word))
        for word, match in _words(use)
        if with_names or match != "name"
    ]
    return re.compile("|".join(found))


@cache
def _loose_pattern() -> str:
    """The words that refuse, with anything between two words."""
    gap = r"[\W_]*"
    whole = r"(^|[\W_]){}([\W_]|$)"
    words = [
        (whole if match in ("name", "whole") else "{}").format(_spelled(word).replace(" ?", gap))
        for word, match in _words("in_value")
    ]
    return "|".join([*words, _DECLINED.replace(" ", gap).replace(r"\w*", "[a-z]*")])


def _words(use: str) -> list[tuple[str, str]]:
    with WORDS.open(encoding="utf-8", newline="") as lines:
        return [(row["word"], row[use]) for row in csv.DictReader(lines) if row[use]]


def _spelled(word: str) -> str:
    """A regular expression for a word, with or without its spaces; email is also mail and e-mail."""
    return word.replace(" ", " ?").replace("email", "(e ?)?mail")
