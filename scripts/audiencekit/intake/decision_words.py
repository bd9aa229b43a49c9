"""Names that say a column or a file may hold what people agreed to or refused, in seven languages.

The words are in seeds/decision_words.csv, without accents. A name is compared in lower case, without accents, and with one
space between its words, so that DoNotMail, do_not_mail and do-not-mail are one.
"""

import csv
import re
import unicodedata
from functools import cache

from audiencekit.workspace import PROJECT

WORDS = PROJECT / "seeds" / "decision_words.csv"
# Where in a name a word counts: anywhere, where a word begins, as a word of its own, where the name begins, as the name.
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


def in_words(name: str) -> str:
    """A name in lower case, without accents, its words divided by spaces: DoNotMail as do not mail."""
    divided = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    letters = unicodedata.normalize("NFKD", divided.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", " ", plain).strip()


def may_decide(name: str) -> bool:
    """Whether a column may hold what people agreed to or refused, by its name."""
    return bool(_pattern("column").search(in_words(name)))


def file_may_decide(name: str) -> bool:
    """Whether a file may hold what people agreed to or refused, by its name."""
    return bool(_pattern("file").search(in_words(name)))


def header_may_decide(header: str) -> bool:
    """Whether a header, the first line of a file, names both people and what they agreed to or refused."""
    names = re.split(r"[,;|\t]", header)
    return any(map(may_decide, names)) and any(IDENTIFIER.search(in_words(name)) for name in names)


@cache
def _pattern(found_in: str) -> re.Pattern[str]:
    with WORDS.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["found_in"] in (found_in, "both")]
    return re.compile("|".join(MATCHES[row["match"]].format(_spelled(row["word"])) for row in rows))


def _spelled(word: str) -> str:
    """A regular expression for a word, with or without its spaces; email is also mail and e-mail."""
    return word.replace(" ", " ?").replace("email", "(e ?)?mail")
