"""Where the demo's people live, the names that are common there, and phone numbers that reach nobody.

Phone ranges are those that regulators reserve for fiction (US and Canada: 555-0100 to 0199; Ofcom; Bundesnetzagentur;
Arcep) and that Google's libphonenumber accepts as valid. It does not accept the mobile ranges for fiction of the United
Kingdom and France.
"""

from dataclasses import dataclass

import numpy as np

LETTERS = "ABEGHJLNPRSTWXYZ"  # those that both British and Canadian postcodes use

_US_AREAS = (
    "205 206 207 208 209 210 212 213 214 215 216 217 218 219 303 304 305 307 308 309 310 312 313 "
    "314 315 316 317 318 319 320 402 404 405 406 407 408 409 410 412 413 414 415 417 419 501 502 "
    "503 504 505 507 508 509 510 512 513 515 601 602 603 605 606 607 608 609 612 614 615 616 617"
)
_GB_AREAS = (
    "1134960 1144960 1164960 1174960 1184960 1214960 1314960 1414960 1514960 1614960 2079460 "
    "1914980 2920180"
)
_CA_AREAS = "204 226 236 250 289 306 343 403 416 418 438 450 506 514 519 604 613 647 705 778"


@dataclass(frozen=True)
class Country:
    """One country. In patterns `#` is a digit and `@` a letter."""

    code: str
    share: float  # of households
    dial: str
    locales: tuple[tuple[str, float], ...]  # Faker locales of names, with weights
    places: tuple[tuple[str, str, str], ...]  # city, region, postal pattern
    numbers: tuple[str, ...]  # patterns of national significant numbers


COUNTRIES = (
    Country(
        "US",
        0.70,
        "1",
        (("en_US", 0.83), ("es_MX", 0.12), ("pl_PL", 0.02), ("ar_PS", 0.015), ("he_IL", 0.015)),
        (
            ("Cincinnati", "OH", "452##"),
            ("Columbus", "OH", "432##"),
            ("Louisville", "KY", "402##"),
            ("Indianapolis", "IN", "462##"),
            ("Chicago", "IL", "606##"),
            ("New York", "NY", "100##"),
            ("Atlanta", "GA", "303##"),
            ("Dallas", "TX", "752##"),
            ("Seattle", "WA", "981##"),
            ("Los Angeles", "CA", "900##"),
            ("San Diego", "CA", "921##"),
        ),
        tuple(f"{area}55501##" for area in _US_AREAS.split()),
    ),
    Country(
        "GB",
        0.12,
        "44",
        (("en_GB", 0.95), ("pl_PL", 0.05)),
        (
            ("London", "ENG", "SE1# #@@"),
            ("Leeds", "ENG", "LS1# #@@"),
            ("Manchester", "ENG", "M2# #@@"),
            ("Glasgow", "SCT", "G4# #@@"),
            ("Cardiff", "WLS", "CF1# #@@"),
        ),
        tuple(f"{area}###" for area in _GB_AREAS.split()),
    ),
    Country(
        "FR",
        0.065,
        "33",
        (("fr_FR", 0.95), ("ar_PS", 0.05)),
        (
            ("Paris", "IDF", "750##"),
            ("Lyon", "ARA", "690##"),
            ("Nîmes", "OCC", "300##"),
            ("Besançon", "BFC", "250##"),
        ),
        ("19900####", "26191####", "35301####", "46571####", "53649####"),
    ),
    Country(
        "DE",
        0.065,
        "49",
        (("de_DE", 1.0),),
        (
            ("Berlin", "BE", "101##"),
            ("Hamburg", "HH", "200##"),
            ("München", "BY", "803##"),
            ("Köln", "NW", "506##"),
        ),
        ("3023125###", "4066969###", "6990009###", "8999998###", "2214710###"),
    ),
    Country(
        "CA",
        0.05,
        "1",
        (("en_CA", 0.6), ("fr_CA", 0.4)),
        (
            ("Toronto", "ON", "M5V #@#"),
            ("Montréal", "QC", "H2X #@#"),
            ("Vancouver", "BC", "V6B #@#"),
        ),
        tuple(f"{area}55501##" for area in _CA_AREAS.split()),
    ),
)


def fill(pattern: str, rng: np.random.Generator) -> str:
    """The pattern with a random digit for every `#` and a random letter for every `@`."""
    return "".join(
        str(rng.integers(10))
        if c == "#"
        else LETTERS[rng.integers(len(LETTERS))]
        if c == "@"
        else c
        for c in pattern
    )


def shuffled_numbers(country: Country, count: int, rng: np.random.Generator) -> list[str]:
    """`count` different phone numbers of the country in E.164, as +12065550123."""
    widths = [p.count("#") for p in country.numbers]
    ends = np.cumsum([10**w for w in widths])
    numbers = []
    for drawn in rng.choice(int(ends[-1]), size=count, replace=False):
        which = int(np.searchsorted(ends, drawn, side="right"))
        stem = country.numbers[which].rstrip("#")
        within = drawn - (ends[which] - 10 ** widths[which])
        numbers.append(f"+{country.dial}{stem}{within:0{widths[which]}d}")
    return numbers


def jurisdiction(country_code: str, region: str) -> str:
    """The jurisdiction whose privacy law applies: US, US-CA, GB, EEA or CA (Canada)."""
    if country_code in ("FR", "DE"):
        return "EEA"
    return "US-CA" if (country_code, region) == ("US", "CA") else country_code
