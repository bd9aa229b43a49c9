"""Names and addresses of any script in the letters a to z, so that they are compared by character: José is Jose, 王 is Wang."""

import unicodedata

import pandas as pd
from anyascii import anyascii

KEY = "record_id"


def in_latin_letters(details: pd.DataFrame) -> pd.DataFrame:
    """The same rows, with every text but the record_id in ASCII and lower case. A missing text stays missing."""
    texts = details.columns.drop(KEY)
    found = {text: details[text].map(latin, na_action="ignore") for text in texts}
    # A column without values is one of texts, too.
    return details.assign(**found).astype("string")


def latin(text: str) -> str:
    """A text in ASCII and lower case, with single spaces, by AnyAscii's tables. Symbols such as emoji are left out."""
    written = "".join(each for each in text if each.isascii() or not _is_symbol(each))
    return " ".join(anyascii(written).lower().split())


def _is_symbol(character: str) -> bool:
    """Whether it is neither a letter, a mark of one or a digit, nor punctuation or a space."""
    return unicodedata.category(character)[0] not in "LMNPZ"
