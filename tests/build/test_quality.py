"""The Great Expectations gate: it passes what is right, stops what is not, and shows no values."""

import pandas as pd

from audiencekit.publish.exposures import read_publications
from audiencekit.run.expectations import (
    _context,
    _run_suite,
    audience_expectations,
    check_walls,
)


def broken(tmp_path, frame: pd.DataFrame, wanted) -> str:
    return " ".join(_run_suite(_context(tmp_path), "probe", frame, list(wanted)))


def test_the_demo_passes_and_its_data_docs_hold_no_values(published):
    publications = read_publications(published.workspace)
    assert check_walls(published.workspace, publications) == []
    index = published.workspace.data_docs / "index.html"
    assert "audience out: aud_email" in index.read_text()


def test_a_plain_address_or_a_double_key_in_an_ad_audience_is_caught(published, tmp_path):
    publication = next(p for p in read_publications(published.workspace) if p.table == "aud_meta")
    frame = published.audience("meta")
    assert broken(tmp_path, frame, audience_expectations(publication)) == ""
    leaked = frame.assign(extern_id="ann@example.com")
    assert "extern_id breaks" in broken(tmp_path, leaked, audience_expectations(publication))
    unhashed = frame.assign(email="ann@example.com")
    assert "email breaks" in broken(tmp_path, unhashed, audience_expectations(publication))
    doubled = pd.concat([frame, frame.head(1)])
    assert "audience_row_id breaks" in broken(tmp_path, doubled, audience_expectations(publication))
