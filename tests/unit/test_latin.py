"""Names of any script in the letters a to z."""

import pandas as pd
import pytest

from audiencekit.identity.latin import in_latin_letters, latin


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("José Núñez", "jose nunez"),
        ("müller", "muller"),
        ("Łukasz", "lukasz"),
        ("straße", "strasse"),
        ("иванов", "ivanov"),
        ("王小明", "wangxiaoming"),
        ("ann 🌷", "ann"),
        ("smith\uff0cjr", "smith,jr"),
        ("elm st 12\u201314", "elm st 12-14"),
        ("lockhart jr 🌷", "lockhart jr"),
        ("o'neil", "o'neil"),
    ],
)
def test_a_name_is_written_with_the_letters_a_to_z(text, expected):
    assert latin(text) == expected


def test_missing_texts_stay_missing_and_every_column_is_one_of_texts():
    details = pd.DataFrame({"record_id": ["é", "b"], "city": ["Århus", None], "street": None})
    found = in_latin_letters(details)
    assert found["record_id"].tolist() == ["é", "b"]
    assert found["city"].tolist()[0] == "arhus" and found["city"].isna()[1]
    for frame in (found, in_latin_letters(details.iloc[:0])):
        assert {str(kind) for kind in frame.dtypes} == {"string"}
