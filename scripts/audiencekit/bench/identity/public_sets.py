"""Public data sets of people with known truth, as contacts. Nothing of them is part of the project.

Each is read from a folder of its name, with the files that are listed here from their repository. People in them are real in
part, so the files stay on the machine that measures.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class PublicSet:
    """Where a set is from, its files, and how they become contacts with an extra `person_id`."""

    repository: str
    commit: str
    paths: tuple[str, ...]
    read: Callable[[Path], pd.DataFrame]

    def is_in(self, folder: Path) -> bool:
        """Whether all of its files are there."""
        return all((folder / Path(path).name).exists() for path in self.paths)


def _contacts(rows: pd.DataFrame, source: str = "crm") -> pd.DataFrame:
    """Texts without surrounding spaces; empty ones are null. `source` is the system they come from."""
    texts = rows.astype("string").apply(lambda column: column.str.strip())
    return texts.mask(texts == "").assign(source_system=source)


def _all(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """All parts, in random order, with ids that say nothing of the truth."""
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.iloc[np.random.default_rng(7).permutation(len(rows))].reset_index(drop=True)
    return rows.assign(contact_id=[f"R{number:06d}" for number in range(len(rows))])


def _voters(name: str) -> Callable[[Path], pd.DataFrame]:
    columns = (
        *("party", "person_id", "id", "first_name", "middle_name", "last_name", "birth_year"),
        *("birth_place", "county", "city", "postal_code", "street", "gender", "ethnic", "race"),
    )
    kept = ["person_id", "first_name", "last_name", "city", "postal_code", "street"]

    def read(folder: Path) -> pd.DataFrame:
        rows = pd.read_csv(folder / name, names=columns, dtype=str)
        return _all([_contacts(of_one[kept], party) for party, of_one in rows.groupby("party")])

    return read


def _candidates(folder: Path) -> pd.DataFrame:
    def named(rows: pd.DataFrame, name: str, source: str) -> pd.DataFrame:
        words = rows[name].str.strip().str.split(n=1, expand=True)
        found = {
            "person_id": rows["candidate_id"],
            "first_name": words[0],
            "last_name": words[1],
            "birth_date": rows["dob"],
        }
        if "home_state" in rows:
            found["region"] = rows["home_state"]
        return _contacts(pd.DataFrame(found), source)

    past = pd.read_csv(folder / "past_candidates.csv", dtype=str)
    past["dob"] = pd.to_datetime(past["dob"], format="%d/%m/%Y", errors="coerce").dt.strftime(
        "%Y-%m-%d"
    )
    new = pd.read_csv(folder / "answer_key.csv", dtype=str)
    return _all([named(past, "full_name", "past"), named(new, "name", "new")])


def _census_and_register(folder: Path) -> pd.DataFrame:
    def read(name: str, source: str) -> pd.DataFrame:
        rows = pd.read_csv(folder / name, dtype=str)
        year, month, day = (
            rows[column].str.split(".").str[0].fillna("")
            for column in ("dob_year", "dob_mon", "dob_day")
        )
        is_whole = (year != "") & (month != "") & (day != "")
        house = rows["enumcap"].str.extract(r"^\s*(\d+\w?)[ ,]+(.*)$")
        found = {
            "person_id": rows["person_id"],
            "first_name": rows["pername1"],
            "last_name": rows["pername2"],
            "birth_date": (year + "-" + month + "-" + day).where(is_whole),
            "street": house[1].fillna(rows["enumcap"]),
            "house_number": house[0],
            "postal_code": rows["enumpc"],
        }
        return _contacts(pd.DataFrame(found), source)

    return _all(
        [
            read("census.full_truth.converted.csv", "census"),
            read("cis.full_truth.converted.csv", "register"),
        ]
    )


def _foreigners(folder: Path) -> pd.DataFrame:
    rows = pd.read_csv(folder / "foreigners.converted.csv", dtype=str)
    names = {"true_id": "person_id", "fname": "first_name", "surname": "last_name"}
    rows = rows.rename(columns=names | {"date": "birth_date"})
    return _all([_contacts(rows[["person_id", "first_name", "last_name", "birth_date", "region"]])])


def _historical(folder: Path) -> pd.DataFrame:
    rows = pd.read_parquet(folder / "historical_figures_with_errors_50k.parquet")
    names = {"cluster": "person_id", "surname": "last_name", "dob": "birth_date"}
    rows = rows.rename(columns=names | {"birth_place": "city", "postcode_fake": "postal_code"})
    kept = ["person_id", "first_name", "last_name", "birth_date", "city", "postal_code"]
    return _all([_contacts(rows[kept])])


def _simulated_town(folder: Path) -> pd.DataFrame:
    """A census, another ten years later, and what employers report."""
    home = {
        "simulant_id": "person_id",
        "date_of_birth": "birth_date",
        "street_number": "house_number",
        "street_name": "street",
        "unit_number": "address_2",
        "zipcode": "postal_code",
        "state": "region",
    }
    mailing = {f"mailing_address_{name}": name for name in home if name != "simulant_id"}
    mailing |= {"mailing_address_city": "city"}
    kept = [*home.values(), "first_name", "last_name", "city"]
    parts = []
    for name in ("decennial_census", "decennial_census_2030", "taxes_w2_and_1099"):
        rows = pd.read_csv(folder / f"{name}.csv", dtype=str)
        rows = rows.rename(columns=mailing).rename(columns=home).reindex(columns=kept)
        day = pd.to_datetime(rows["birth_date"], format="%m/%d/%Y", errors="coerce")
        rows["birth_date"] = day.dt.strftime("%Y-%m-%d").fillna(rows["birth_date"])
        parts.append(_contacts(rows, name))
    return _all(parts)


def _practitioners(folder: Path) -> pd.DataFrame:
    """Two health registers in which names have titles, and the second puts the family name first."""
    title = r"(?i)\b(?:dr|mr|mrs|ms|prof)\b\.?|\b(?:m\.?d|d\.?o|d\.?d\.?s|ph\.?d|n\.?p|p\.?a)\b\.?"
    columns = ["id", "name", "city", "region", "gender"]
    truth = pd.read_csv(folder / "practitioner_key.txt", sep="|", names=["one", "two"])
    person = {key: n for n, row in enumerate(truth.itertuples(index=False)) for key in row}

    def read(number: int) -> pd.DataFrame:
        rows = pd.read_csv(folder / f"training_source_{number}.txt", sep="|", names=columns)
        name = rows["name"].str.replace(title, " ", regex=True).str.strip(" ,.")
        if number == 2:
            parts = name.str.split(",", n=1, expand=True)
            family, given = parts[0], parts[1].str.strip(" ,.")
        else:
            given, family = name.str.split().str[0], name.str.split().str[-1]
        found = {
            "person_id": rows["id"].map(person),
            "first_name": given.str.split().str[0],
            "last_name": family,
        }
        return _contacts(pd.DataFrame(found | {c: rows[c] for c in columns[2:4]}), f"{number}")

    return _all([read(1), read(2)])


def _converted(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}.converted.csv" for name in names)


SETS = {
    "voters": PublicSet(
        "EliasMessner/PPRL",
        "813377452740",
        ("datasets/test_data.csv",),
        _voters("test_data.csv"),
    ),
    "candidates": PublicSet(
        "urban-labs/namematch",
        "c5527c39dcc6",
        ("examples/raw_data/past_candidates.csv", "examples/raw_data/answer_key.csv"),
        _candidates,
    ),
    # Written from data/*.rda as CSV.
    "census": PublicSet(
        "ncn-foreigners/blocking",
        "6cfda9bab507",
        _converted("census.full_truth", "cis.full_truth"),
        _census_and_register,
    ),
    "foreigners": PublicSet(
        "ncn-foreigners/blocking", "6cfda9bab507", _converted("foreigners"), _foreigners
    ),
    "historical": PublicSet(
        "moj-analytical-services/splink_datasets",
        "75876d806d9e",
        ("data/historical_figures_with_errors_50k.parquet",),
        _historical,
    ),
    # Generated by pseudopeople 1.3.1, seed 1, the second census with seed 2.
    "town": PublicSet(
        "ihmeuw/pseudopeople",
        "1.3.1",
        ("decennial_census.csv", "decennial_census_2030.csv", "taxes_w2_and_1099.csv"),
        _simulated_town,
    ),
    "practitioners": PublicSet(
        "vcarl/creditsimple-solution",
        "b1045f7cc693",
        tuple(
            f"data_sci/npi_dea_link_challenge/datasets/{name}.txt"
            for name in ("training_source_1", "training_source_2", "practitioner_key")
        ),
        _practitioners,
    ),
}  # fmt: skip
