"""Paths of any characters: quotes, brackets and the like are no patterns and no SQL."""

import shlex
import subprocess

import duckdb
import pytest

from audiencekit.errors import UserError
from audiencekit.publish.ledger import last_change_seq
from audiencekit.sql import rows_of
from audiencekit.workspace import PROJECT, Workspace

ODD = ["year=2024", "[a]", "a*?b", "ann's (1)", "#1", "{name}", 'say "hi"', "ü ö"]


@pytest.mark.parametrize("name", ODD)
def test_a_parquet_file_is_read_by_its_own_name(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    for number, path in enumerate([folder / "1.parquet", folder / "2.parquet"]):
        target = str(path).replace("'", "''")
        duckdb.execute(f"copy (select {number} as n) to '{target}' (format parquet)")
    assert duckdb.execute(f"from {rows_of(folder / '2.parquet')}").fetchall() == [(1,)]
    assert duckdb.execute(f"describe from {rows_of(folder / '1.parquet')}").fetchall()[0][0] == "n"
    with pytest.raises(duckdb.IOException):
        duckdb.execute(f"from {rows_of(folder / '[12].parquet')}")


@pytest.mark.parametrize("name", ODD)
def test_dbt_gets_a_plain_path_to_the_same_folder(tmp_path, name, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    home = tmp_path / name
    home.mkdir()
    (home / "here").touch()
    for _ in range(2):
        plain = Workspace(home).as_environment()["AUDIENCEKIT_HOME"]
        assert not set(plain) & set("=[]*?'\"(){}#")
        assert (tmp_path / plain / "here").exists()


def test_a_link_to_another_folder_is_not_followed(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    home = tmp_path / "a=b"
    link = Workspace(home).as_environment()["AUDIENCEKIT_HOME"]
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / link).unlink()
    (tmp_path / link).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="is not a link to"):
        Workspace(home).as_environment()


@pytest.mark.parametrize("name", ODD)
def test_history_is_found_below_any_home(tmp_path, name):
    workspace = Workspace(tmp_path / name)
    assert last_change_seq(workspace) == 0
    for build, seq in {"20240101T000000Z-000001": 7, "20240102T000000Z-000002": 9}.items():
        folder = workspace.generations / build / "ledger" / "audience_changes"
        folder.mkdir(parents=True)
        target = str(folder / "1.parquet").replace("'", "''")
        duckdb.execute(f"copy (select {seq} as change_seq) to '{target}' (format parquet)")
    assert last_change_seq(workspace) == 9


@pytest.mark.parametrize("name", ["my data", "ann's (1)", "#1"])
def test_make_takes_the_landing_folder_as_one_path(name):
    command = ["make", "--dry-run", "run", f"LANDING=/x/{name}"]
    shown = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    line = next(line for line in shown.splitlines() if "audiencekit run" in line)
    assert shlex.split(line)[1:] == ["run", f"/x/{name}"]
