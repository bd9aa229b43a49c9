"""Errors that people and systems make in contact data: other spellings, other formats, typos, junk."""

import numpy as np

JUNK_EMAILS = ("noemail@example.com", "test@test.com", "n/a")
JUNK_PHONES = ("0000000000", "n/a")
PHONE_STYLES = ("e164", "national", "dots", "prefix", "extension")


def respelled_email(email: str, rng: np.random.Generator) -> str:
    """The same address in another case, or with spaces around it."""
    return (email.upper(), email.capitalize(), f" {email}", f"{email.title()} ")[rng.integers(4)]


def with_typo(text: str, rng: np.random.Generator) -> str:
    """`text` with two different neighbouring letters swapped; unchanged when there are none."""
    places = [
        i
        for i in range(len(text) - 1)
        if text[i].isalpha() and text[i + 1].isalpha() and text[i] != text[i + 1]
    ]
    if not places:
        return text
    i = places[rng.integers(len(places))]
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def email_with_typo(email: str, rng: np.random.Generator) -> str:
    """The address with a typo in its local part. The domain remains a reserved one."""
    local, domain = email.split("@")
    return f"{with_typo(local, rng)}@{domain}"


def formatted_phone(phone: str, dial: str, style: str, rng: np.random.Generator) -> str:
    """An E.164 number as people write it at home. North America has its own formats."""
    national = phone.removeprefix(f"+{dial}")
    american = dial == "1"
    area, rest = national[:3], national[3:]
    local = f"{rest[:3]}-{rest[3:]}" if american else rest
    if style == "national":
        return f"({area}) {local}" if american else f"0{area} {rest}"
    if style == "dots":
        dotted = ".".join((area, rest[:3], rest[3:]))
        return dotted if american else f"0{dotted}"
    if style == "prefix":
        return f"1-{area}-{local}" if american else f"00{dial} {area} {rest}"
    if style == "extension":
        lead = f"({area}) {local}" if american else f"0{area} {rest}"
        return f"{lead} ext. {rng.integers(10, 99)}"
    return phone
