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
    """A text in ASCII and lower case, by AnyAscii's tables. Signs that are no letters, such as emoji, are left out."""
    letters = "".join(each for each in text if each.isascii() or _is_letter(each))
    return anyascii(letters).lower()


def _is_letter(character: str) -> bool:
    """Whether it is a letter, a mark of one, or a digit."""
    return unicodedata.category(character)[0] in "LMN"
