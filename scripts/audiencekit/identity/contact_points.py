"""Normalise e-mail addresses and phone numbers as people type them, or say why they are invalid."""

import re
import unicodedata
from itertools import chain

import pandas as pd
import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from joblib import Parallel, cpu_count, delayed
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

# Joiners, direction marks, soft hyphens and emoji styles that remain when text is copied from a screen. The macro
# plain_text removes the same characters from names.
INVISIBLE = dict.fromkeys(
    [0xAD, 0x34F, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFE0E, 0xFE0F, 0xFEFF]
)  # fmt: skip
# The form of nearly every address. Such an address needs no validator: the result is the same.
_NAME = r"[A-Za-z0-9_+-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?!-)){0,61}(?<!-)"
_PLAIN_EMAIL = re.compile(
    rf"(?=.{{6,254}}\Z){_NAME}(?:\.{_NAME})*@((?:{_LABEL}\.)+[A-Za-z]{{2,63}})"
)
_NOT_PARSED = {
    NumberParseException.INVALID_COUNTRY_CODE: "no country to read the number by",
    NumberParseException.NOT_A_NUMBER: "no phone number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too short",
    NumberParseException.TOO_SHORT_NSN: "too short",
    NumberParseException.TOO_LONG: "too long",
}
# What exports and mail programs put around an address or between two.
_SIGNS = {0xFF20: "@", 0xFE6B: "@", 0xFF0C: ",", 0xFF1B: ";", 0xFF1C: "<", 0xFF1E: ">"}
_BETWEEN_ADDRESSES = re.compile(r"[;,|\n\r\t]")
_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_BETWEEN_WORDS = re.compile(r"[\s<>,;|/()\[\]{}\"]+")
_AROUND = " .,;:!'\"`\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb()[]{}<>"
_SCHEME = re.compile(r"(?i:mailto|e-?mail|smtp):\s*")
# A platform's hash (SHA-256) in the place of an e-mail or a phone.
_HASH = re.compile(r"\s*[0-9A-Fa-f]{64}\s*")
HASHED = "already hashed"
# Values per process. This many phone numbers take about two seconds.
CHUNK = 100_000


def read_email(text: str) -> tuple[str | None, str | None]:
    """The address in NFC and lower case, or None and the reason why it is not an address. Dots and +tags are kept."""
    if match := _PLAIN_EMAIL.fullmatch(text):
        domain = match[1].lower()
        # xn-- is the other spelling of a domain with letters beyond ASCII.
        if "xn--" not in domain and not any(
            f".{domain}".endswith(f".{special}") for special in SPECIAL_USE_DOMAIN_NAMES
        ):
            return text.lower(), None
    # Space around the @ is a typo. Space elsewhere may separate two words, and joining them would invent an address.
    plain = "@".join(part.strip() for part in text.translate(INVISIBLE).split("@"))
    try:
        # The e-mail platform checks whether an address can receive mail. No name server is queried here.
        address = validate_email(plain, check_deliverability=False).normalized
    except EmailNotValidError as problem:
        # The rest of the message quotes the address, and a reason must not hold contact data.
        return None, re.split(r"[:(]", str(problem))[0].strip()
    return lowered(address), None


def read_emails(text: str) -> list[tuple[str | None, str | None]]:
    """Every address in a cell: (address, None), or (address or None, the reason why it is in doubt).

    Read are `Ann Lee <a@b.com>`, `mailto:a@b.com`, quotes and punctuation around an address, full-width signs, and
    several addresses in one cell. Other words put every address of the cell in doubt, because `ann lee@b.com` may be
    a typing error; names before `<a@b.com>` do not. A hash is not an address (HASHED).
    """
    if _HASH.fullmatch(text):
        return [(None, HASHED)]
    if not text.startswith("'") and (whole := read_email(text))[0]:
        return [whole]
    plain = text.translate(INVISIBLE).translate(_SIGNS)
    bracketed = [inside for inside in _IN_BRACKETS.findall(plain) if "@" in inside]
    rest = _IN_BRACKETS.sub(",", plain) if bracketed else plain
    parts = [part for part in _BETWEEN_ADDRESSES.split(rest) if part.strip(_AROUND)]
    if bracketed:
        parts = [part for part in parts if "@" in part and not _names_one(part, bracketed)]
    read = [read_email(_unwrapped(word)) for part in bracketed + parts for word in _words(part)]
    problem = next((problem for _, problem in read if problem), None)
    if not problem and read:
        return [(address, None) for address in dict.fromkeys(address for address, _ in read)]
    words = [word for word in _BETWEEN_WORDS.split(plain) if "@" in word]
    found = (read_email(_unwrapped(word))[0] for word in words)
    problem = problem or read_email(text)[1]
    return [(address, problem) for address in dict.fromkeys(filter(None, found))] or [
        (None, problem)
    ]


def _names_one(part: str, bracketed: list[str]) -> bool:
    """Whether a display name is the address in brackets after it."""
    return part.strip(_AROUND).lower() in [inside.strip(_AROUND).lower() for inside in bracketed]


def _words(part: str) -> list[str]:
    """Addresses that only white space or a slash separates; one word where a space may be a typing error."""
    words = [word for word in re.split(r"[\s/]+", part) if word.strip(_AROUND)]
    return words if len(words) > 1 and all("@" in word.strip("@") for word in words) else [part]


def _unwrapped(word: str) -> str:
    bare = word.strip().strip(_AROUND)
    scheme = _SCHEME.match(bare)
    return (bare[scheme.end() :].partition("?")[0] if scheme else bare).strip(_AROUND)


def lowered(text: str) -> str:
    """Lower case, one character for one character, in NFC.

    SQL engines and other languages agree on this result. `str.lower` would turn İ into two characters, and would
    choose the lower case of Σ by its neighbours. NFC comes last, because a lower-case letter can compose with an
    accent where its capital cannot.
    """
    return unicodedata.normalize("NFC", "".join(c.lower()[0] for c in text))


def read_phone(text: str, country: str) -> tuple[str | None, str | None]:
    """The number as E.164, or None and the reason why it is not one. National numbers are of `country` (ISO 3166).

    `00` before a country code is read as `+` where it is not a number of `country`. A number with an
    extension is refused, because it calls a switchboard and not one person.
    """
    plain = unicodedata.normalize("NFKC", text).translate(INVISIBLE).strip()
    if _HASH.fullmatch(plain):
        return None, HASHED
    plain = "".join(str(unicodedata.decimal(c, c)) for c in plain).lstrip("'`\u2018\u2019")
    number, problem = _parse(plain, country.upper())
    digits = "".join(plain.lstrip("(").split())
    if problem and digits.startswith("00"):
        abroad, not_abroad = _parse("+" + digits[2:], "")
        number, problem = (number, problem) if not_abroad else (abroad, None)
    if problem or not number:
        return None, problem
    if number.extension:
        return None, "has an extension"
    if len(set(str(number.national_number))) == 1:
        return None, "one digit over and over"
    return phonenumbers.format_number(number, PhoneNumberFormat.E164), None


def read_phones(text: str, country: str) -> list[tuple[str | None, str | None]]:
    """Every number in a cell, as read_emails returns addresses: `+1 907 555 0142; +1 907 555 0143` is two."""
    whole = read_phone(text, country)
    if whole[0] or whole[1] == HASHED:
        return [whole]
    # A slash comes last: in 0171/1234567 it is a part of the number.
    for between in (r"[;,|\n\r\t]| or | oder | ou ", r"[;,|/\n\r\t]"):
        parts = [part for part in re.split(between, text) if part.strip()]
        read = [read_phone(part, country) for part in parts]
        if len(parts) > 1 and all(number for number, _ in read):
            return [(number, None) for number in dict.fromkeys(number for number, _ in read)]
    found = [read_phone(part, country)[0] for part in re.split(r"[;,|()\n\r\t]", text)]
    return [(number, whole[1]) for number in dict.fromkeys(filter(None, found))] or [whole]


def _parse(text: str, country: str) -> tuple[PhoneNumber | None, str | None]:
    try:
        number = phonenumbers.parse(text, country or None)
    except NumberParseException as problem:
        return None, _NOT_PARSED[problem.error_type]
    return number, None if phonenumbers.is_valid_number(number) else "no such number"


def parse_contact_points(raw: pd.DataFrame, default_country: str | None) -> pd.DataFrame:
    """Normalise distinct raw values.

    `raw` has columns kind ('email' or 'phone'), raw_value and country_code ('' for unknown). The result has one row
    per value and address in it, and adds contact_point (null where the value is not a valid address or number), the
    problem, doubtful_point (an address between other words) and position (1 for the first address of a value).
    National phone numbers are of `default_country` where their record names no country.
    """
    values = list(zip(raw["kind"], raw["raw_value"], raw["country_code"], strict=True))
    chunks = [values[start : start + CHUNK] for start in range(0, len(values), CHUNK)]
    workers = max(1, min(len(chunks), cpu_count()))
    parts = Parallel(n_jobs=workers)(
        delayed(_normalise)(chunk, default_country) for chunk in chunks
    )
    rows = [
        (*value, None if problem else point, point if problem else None, problem, position)
        for value, points in zip(values, chain.from_iterable(parts), strict=True)
        for position, (point, problem) in enumerate(points, start=1)
    ]
    names = ["kind", "raw_value", "country_code", "contact_point", "doubtful_point", "problem"]
    names.append("position")
    texts = dict.fromkeys(names[:-1], "str")
    return pd.DataFrame(rows, columns=names, dtype="object").astype(texts | {"position": "int64"})


def _normalise(
    values: list[tuple[str, str, str]], default_country: str | None
) -> list[list[tuple[str | None, str | None]]]:
    return [
        read_emails(value)
        if kind == "email"
        else read_phones(value, country or default_country or "")
        for kind, value, country in values
    ]
