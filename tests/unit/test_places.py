"""The seeds of places are what tools/make_places.py prints, and name every country once."""

import csv
import importlib.util
from pathlib import Path

import pytest

from audiencekit.workspace import PROJECT


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location(
        "make_places", PROJECT / "tools" / "make_places.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(seed: str) -> list[tuple[str, ...]]:
    with (PROJECT / "seeds" / seed).open(encoding="utf-8", newline="") as stream:
        return [tuple(row) for row in csv.reader(stream)]


def test_the_seeds_are_what_the_tool_prints(tool, tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "SEEDS", tmp_path)
    tool.main()
    for seed in ("country_names.csv", "region_names.csv"):
        assert (tmp_path / seed).read_bytes() == Path(PROJECT / "seeds" / seed).read_bytes(), seed


@pytest.mark.parametrize(
    ("written", "code"),
    [("us", "US"), ("usa", "US"), ("unitedstates", "US"), ("unitedstatesofamerica", "US"), ("uk", "GB"),
     ("unitedkingdom", "GB"), ("england", "GB"), ("eire", "IE"), ("ireland", "IE"), ("deutschland", "DE"),
     ("germany", "DE"), ("deu", "DE"), ("österreich", "AT"), ("osterreich", "AT"), ("españa", "ES"), ("espana", "ES"),
     ("italia", "IT"), ("suisse", "CH"), ("schweiz", "CH"), ("holland", "NL"), ("nederland", "NL"), ("日本", "JP"),
     ("россия", "RU"), ("türkiye", "TR"), ("turkey", "TR"), ("el", "GR"), ("ελλάδα", "GR"), ("southkorea", "KR"),
     ("brasil", "BR"), ("czechrepublic", "CZ"), ("czechia", "CZ"), ("niger", "NE"), ("nigeria", "NG")],
)  # fmt: skip
def test_a_country_is_known_by_its_names_and_codes(written, code):
    assert dict(rows("country_names.csv"))[written] == code


def test_a_name_of_two_countries_names_none():
    assert "korea" not in dict(rows("country_names.csv"))


def test_every_country_and_state_is_there():
    assert len(set(dict(rows("country_names.csv")[1:]).values())) >= 249
    states = {code for country, _, code in rows("region_names.csv")[1:] if country == "US"}
    assert len(states) >= 51 and {"CA", "NY", "DC"} <= states
