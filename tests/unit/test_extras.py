"""A package that is not installed is named together with the extra that brings it."""

import subprocess
import sys

import pytest

from audiencekit.extras import how_to_install


@pytest.mark.parametrize(
    ("module", "extra"),
    [("psycopg", "postgres"), ("opendp.prelude", "sharing"), ("dlt", "delivery")],
)
def test_the_extra_of_a_package_is_named(module, extra):
    assert f"pip install 'audiencekit[{extra}]'" in how_to_install(module)


def test_a_package_of_no_extra_has_no_hint():
    assert how_to_install("numpy") is None
    assert how_to_install(None) is None


def test_the_command_line_ends_in_one_line_without_the_package():
    hidden = "import sys; sys.modules['psycopg'] = None; from audiencekit.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", hidden, "publish", "--to", "postgres"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: psycopg is not installed")
    assert done.stderr.count("\n") == 1
