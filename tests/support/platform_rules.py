"""What ad platforms ask for before hashing, read once more in Python and without the project's code.

The rules are those of docs/identifiers.md. A name is read word by word here and by regular expressions in the
project, a phone is known from how it was made up, and lower case is looked up letter by letter: two readings
that share their mistakes would prove nothing.
"""

import hashlib
import unicodedata
from collections.abc import Mapping
from datetime import date

TITLES = {"mr", "mrs", "ms", "miss", "dr", "prof"}
SUFFIXES = {"jr", "sr", "ii", "iii", "iv", "phd", "md"}


def expected_hashes(person: Mapping) -> dict[str, str | None]:
    """Every hash column of one person by name.

    `person` has email, first_name, last_name, city, region, postal_code, country_code as typed, birth_date,
    and e164: the number that was dialled, or None where what was typed is no one person's number.
    """
    email, number, born = read_email(person["email"]), person["e164"], person["birth_date"]
    first, last = read_name(person["first_name"]), read_name(person["last_name"])
    texts = {
        "email_sha256": email,
        "email_google_sha256": at_google(email),
        "email_tiktok_sha256": without_tag(email),
        "phone_e164_sha256": number,
        "phone_digits_sha256": number and number[1:],
        "first_name_google_sha256": first,
        "last_name_google_sha256": last,
        "first_name_meta_sha256": word_characters(first),
        "first_initial_meta_sha256": word_characters(first)[:1],
        "last_name_meta_sha256": word_characters(last),
        "city_sha256": word_characters(one_spelling(person["city"])),
        "region_sha256": word_characters(one_spelling(person["region"])),
        "postal_code_meta_sha256": meta_postal_code(person["postal_code"], person["country_code"]),
        "country_sha256": (person["country_code"] or "").lower(),
        "birth_year_sha256": on_the_calendar(born, "%Y"),
        "birth_month_sha256": on_the_calendar(born, "%m"),
        "birth_day_sha256": on_the_calendar(born, "%d"),
    }
    return {column: sha256(text) if text else None for column, text in texts.items()}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def is_space(character: str) -> bool:
    return character in "\t\n\v\f\r\x85" or unicodedata.category(character).startswith("Z")


def is_invisible(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or character in "\u034f\ufe0e\ufe0f"


def small(character: str) -> str:
    """One character to one: the dotted capital I is a plain i, and no Σ looks at its neighbours."""
    return "i" if character == "\u0130" else character.lower()


def one_spelling(typed: str | None) -> str:
    seen = "".join(" " if is_space(c) else c for c in typed or "" if not is_invisible(c))
    lower = "".join(small(c) for c in unicodedata.normalize("NFC", seen))
    return unicodedata.normalize("NFC", lower).strip(" ")


def word_characters(text: str) -> str:
    """Letters, their marks and digits; no spaces, punctuation or emoji."""
    return "".join(c for c in text if unicodedata.category(c)[0] in "LMN")


def read_email(typed: str | None) -> str | None:
    """An address, or None: spaces at its ends and around the @ are slips, others are not to be guessed at."""
    parts = one_spelling(typed).split("@")
    if len(parts) != 2:
        return None
    local, domain = parts[0].strip(" "), parts[1].strip(" ")
    if not local or not domain or " " in local + domain:
        return None
    labels = [
        label[4:].encode().decode("punycode") if label.startswith("xn--") else label
        for label in domain.split(".")
    ]
    return f"{local}@{'.'.join(labels)}"


def at_google(email: str | None) -> str | None:
    if not email or email.split("@")[1] not in ("gmail.com", "googlemail.com"):
        return email
    local, domain = email.split("@")
    name = local.partition("+")[0].replace(".", "")
    return f"{name}@{domain}" if name else None


def without_tag(email: str | None) -> str | None:
    if not email:
        return None
    local, domain = email.split("@")
    name = local.partition("+")[0]
    return f"{name}@{domain}" if name else None


def read_name(typed: str | None) -> str:
    words = one_spelling(typed).split(" ")
    words = [word for word in words if word]
    while len(words) > 1 and words[0].removesuffix(".") in TITLES:
        words.pop(0)
    name = " ".join(words)
    while True:
        cut = max(name.rfind(" "), name.rfind(","))
        if cut < 0 or name[cut + 1 :].removesuffix(".") not in SUFFIXES:
            return name
        name = name[:cut].rstrip(" ,")


def meta_postal_code(typed: str | None, country: str | None) -> str:
    code = word_characters(one_spelling(typed))
    if country == "US":
        return code[:5]
    if country == "GB" and len(code) > 1 and all("a" <= c <= "z" for c in code[-2:]):
        return code[:-2]
    return code


def on_the_calendar(born: date | None, part: str) -> str | None:
    return born.strftime(part) if born and born.year >= 1900 else None
