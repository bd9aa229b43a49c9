"""Normalise e-mail addresses and phone numbers as people type them, or say why they are invalid."""

import re
import unicodedata

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
# Values per process. This many phone numbers take about two seconds.
CHUNK = 100_000


def read_email(text: str) -> tuple[str | None, str | None]:
    """The address in NFC and lower case, or None and the reason why it is not an address. Dots and +tags are kept."""
    if match := _PLAIN_EMAIL.fullmatch(text):
        domain = match[1].lower()
        if not any(f".{domain}".endswith(f".{special}") for special in SPECIAL_USE_DOMAIN_NAMES):
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
    plain = "".join(str(unicodedata.decimal(c, c)) for c in plain)
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


def _parse(text: str, country: str) -> tuple[PhoneNumber | None, str | None]:
    try:
        number = phonenumbers.parse(text, country or None)
    except NumberParseException as problem:
        return None, _NOT_PARSED[problem.error_type]
    return number, None if phonenumbers.is_valid_number(number) else "no such number"


def parse_contact_points(raw: pd.DataFrame, default_country: str | None) -> pd.DataFrame:
    """Normalise distinct raw values.

    `raw` has columns kind ('email' or 'phone'), raw_value and country_code ('' for unknown); the
    result adds contact_point (null where the value is not a valid address or number) and problem.
    National phone numbers are of `default_country` where their record names no country.
    """
    values = list(zip(raw["kind"], raw["raw_value"], raw["country_code"], strict=True))
    chunks = [values[start : start + CHUNK] for start in range(0, len(values), CHUNK)]
    workers = max(1, min(len(chunks), cpu_count()))
    parts = Parallel(n_jobs=workers)(
        delayed(_normalise)(chunk, default_country) for chunk in chunks
    )
    normalised = [point for part in parts for point in part]
    points = pd.DataFrame(normalised, columns=["contact_point", "problem"], dtype="object")
    points = points.astype({"contact_point": "str", "problem": "str"})
    return pd.concat([raw.reset_index(drop=True), points], axis=1)


def _normalise(
    values: list[tuple[str, str, str]], default_country: str | None
) -> list[tuple[str | None, str | None]]:
    return [
        read_email(value)
        if kind == "email"
        else read_phone(value, country or default_country or "")
        for kind, value, country in values
    ]
