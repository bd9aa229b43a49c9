"""E-mail addresses and phone numbers as typed, read as what they stand for."""

import unicodedata

import pandas as pd
import phonenumbers
from email_validator import EmailNotValidError, validate_email

INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF])


def read_email(text: str) -> tuple[str | None, str | None]:
    """The address in NFC and lower case, or None and why it is none. Dots and +tags stay."""
    plain = unicodedata.normalize("NFC", text).translate(INVISIBLE).strip()
    try:
        # Deliverability is the e-mail platform's to tell; no name server is asked.
        address = validate_email(plain, check_deliverability=False).normalized
    except EmailNotValidError as problem:
        return None, str(problem).split(":")[0]
    return address.lower(), None


def read_phone(text: str, country: str) -> tuple[str | None, str | None]:
    """The number as E.164, or None and why it is none. `country` (ISO 3166) reads national numbers."""
    plain = unicodedata.normalize("NFKC", text).translate(INVISIBLE).strip()
    try:
        number = phonenumbers.parse(plain, country or None)
        if not phonenumbers.is_valid_number(number) and not plain.startswith("+"):
            # `0049 …` and the like: an international prefix that the country does not dial.
            digits = plain.lstrip("(").replace(" ", "")
            if digits.startswith("00"):
                number = phonenumbers.parse("+" + digits[2:], None)
    except phonenumbers.NumberParseException as problem:
        return None, str(problem)
    if not phonenumbers.is_valid_number(number):
        return None, "no such number"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), None


def parse_contact_points(raw: pd.DataFrame, default_country: str | None) -> pd.DataFrame:
    """Read distinct raw values.

    `raw` has columns kind ('email' or 'phone'), raw_value and country_code ('' for unknown); the
    result adds contact_point (null where the value is no address or number) and problem.
    `default_country` reads a national phone number whose record names no country.
    """
    read = []
    for kind, value, country in zip(
        raw["kind"], raw["raw_value"], raw["country_code"], strict=True
    ):
        if kind == "email":
            read.append(read_email(value))
        else:
            read.append(read_phone(value, country or default_country or ""))
    points = pd.DataFrame(read, columns=["contact_point", "problem"], dtype="object")
    points = points.astype({"contact_point": "str", "problem": "str"})
    return pd.concat([raw.reset_index(drop=True), points], axis=1)
