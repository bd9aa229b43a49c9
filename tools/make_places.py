"""Write seeds/country_names.csv and seeds/region_names.csv from the lists of ISO (pycountry) and Unicode CLDR (babel).

    python tools/make_places.py

A name is written as the macro place_key does: in lower case, letters and digits only. Names that mean two places are
left out, and so are those of a language that is neither English nor official in the country.
"""

import csv
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import pycountry
from babel import Locale, UnknownLocaleError
from babel.core import get_global

Name = TypeVar("Name", str, tuple[str, str])
SEEDS = Path(__file__).resolve().parents[1] / "seeds"
# Names that exports use and no list has.
OTHER_NAMES = {
    "US": ["USA", "U.S.", "US of A", "America", "United States of America (USA)", "The United States", "Etats-Unis", "Vereinigte Staaten", "Estados Unidos"],
    "GB": ["UK", "U.K.", "Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland", "GB-ENG", "GB-SCT", "GB-WLS", "GB-NIR", "Grossbritannien", "Royaume-Uni", "Reino Unido"],
    "IE": ["Eire", "Republic of Ireland", "Southern Ireland"],
    "NL": ["Holland", "The Netherlands"],
    "CZ": ["Czech Republic"],
    "DE": ["GER", "Federal Republic of Germany", "BRD"],
    "GR": ["EL", "Hellas"],
    "TR": ["Turkey"],
    "KR": ["Republic of Korea", "Korea South", "S. Korea"],
    "RU": ["Russia"],
    "VN": ["Viet Nam"],
    "MK": ["Macedonia"],
    "CV": ["Cape Verde"],
    "SZ": ["Swaziland"],
    "MM": ["Burma"],
    "CI": ["Ivory Coast"],
    "TL": ["East Timor"],
    "AE": ["UAE", "U.A.E.", "Emirates"],
    "CH": ["Suisse", "Schweiz", "Svizzera", "Switzerland"],
    "HK": ["Hong Kong"],
    "MO": ["Macau"],
    "BA": ["Bosnia"],
    "SA": ["KSA"],
    "NZ": ["Aotearoa"],
}  # fmt: skip
REGION_COUNTRIES = ("US", "CA", "AU")
# Abbreviations of the Associated Press, and names in French. Source of the former: AP Stylebook, "state names".
OTHER_REGIONS = {
    "US": {
        "AL": ["Ala"], "AZ": ["Ariz"], "AR": ["Ark"], "CA": ["Calif", "Cal"], "CO": ["Colo"], "CT": ["Conn"],
        "DE": ["Del"], "FL": ["Fla"], "IL": ["Ill"], "KS": ["Kan", "Kans"], "MA": ["Mass"], "MI": ["Mich"],
        "MN": ["Minn"], "MS": ["Miss"], "MT": ["Mont"], "NE": ["Neb", "Nebr"], "NV": ["Nev"], "OK": ["Okla"],
        "OR": ["Ore"], "PA": ["Penn", "Penna"], "TN": ["Tenn"], "TX": ["Tex"], "WA": ["Wash", "Washington State"],
        "WI": ["Wis", "Wisc"], "WV": ["WVa"], "WY": ["Wyo"], "DC": ["Washington DC"], "AA": [], "AE": [], "AP": [],
    },
    "CA": {
        "BC": ["Colombie-Britannique"], "QC": ["Québec", "PQ", "Que"], "NL": ["Newfoundland", "Terre-Neuve-et-Labrador", "NF"],
        "PE": ["PEI", "Île-du-Prince-Édouard"], "NB": ["Nouveau-Brunswick"], "NS": ["Nouvelle-Écosse"], "ON": ["Ont"],
        "NT": ["Territoires du Nord-Ouest"], "SK": ["Sask"], "AB": ["Alta"], "MB": ["Man"],
    },
    "AU": {"VIC": ["Vic"], "TAS": ["Tas"], "QLD": ["Qld"]},
}  # fmt: skip


def key(name: str) -> str:
    """The letters and digits of a name, in lower case; combining marks stay."""
    plain = unicodedata.normalize("NFC", name).lower()
    return "".join(c for c in plain if unicodedata.category(c)[0] in "LMN")


def spellings(name: str) -> set[str]:
    """A name's key with its accents and without; in scripts other than Latin, as it is."""
    bare = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    is_latin = "LATIN" in unicodedata.name(name[0], "")
    return {key(name), key(bare)} if is_latin else {key(name)}


def country_names() -> dict[str, str]:
    """The country of every name and code."""
    places: dict[str, set[str]] = defaultdict(set)
    languages = get_global("territory_languages")
    for country in pycountry.countries:
        code = country.alpha_2
        official = [
            language
            for language, facts in languages.get(code, {}).items()
            if (facts["official_status"] or "").startswith(("official", "de_facto"))
            and not facts["official_status"].endswith("regional")
        ]
        names = [code, country.alpha_3, country.name, *OTHER_NAMES.get(code, [])]
        names += [getattr(country, name, "") for name in ("common_name", "official_name")]
        names += [_name_in(language, code) for language in ["en", *official]]
        for name in filter(None, names):
            for spelling in spellings(name):
                places[spelling].add(code)
        without_article = country.name.partition(",")[0] if country.name.endswith(", The") else ""
        if without_article:
            places[key(without_article)].add(code)
    places["kosovo"].add("XK")
    places["xk"].add("XK")
    return _unambiguous(places)


def _name_in(language: str, country: str) -> str:
    try:
        return Locale.parse(language).territories.get(country, "")
    except (UnknownLocaleError, ValueError):
        return ""


def region_names() -> dict[tuple[str, str], str]:
    """The code of every region of REGION_COUNTRIES, by country and name or code."""
    regions: dict[tuple[str, str], set[str]] = defaultdict(set)
    for country in REGION_COUNTRIES:
        named = {
            s.code.partition("-")[2]: [s.name]
            for s in pycountry.subdivisions.get(country_code=country)
        }
        for code, names in OTHER_REGIONS[country].items():
            named[code] = named.get(code, []) + names
        for code, names in named.items():
            for name in (code, f"{country}-{code}", *names):
                for spelling in spellings(name):
                    regions[country, spelling].add(code)
    return _unambiguous(regions)


def _unambiguous(places: dict[Name, set[str]]) -> dict[Name, str]:
    return {name: min(codes) for name, codes in sorted(places.items()) if len(codes) == 1}


def write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> None:
    write(SEEDS / "country_names.csv", ("written_name", "iso_code"), country_names().items())
    rows = ((country, name, code) for (country, name), code in region_names().items())
    write(SEEDS / "region_names.csv", ("iso_code", "written_name", "region_code"), rows)


if __name__ == "__main__":
    main()
