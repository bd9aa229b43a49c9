"""A mistake on the command line ends in one clear error, and never in a traceback."""

import pytest
from command_line import audiencekit


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "no/such/folder"], "is not a folder"),
        (["show", "email"], "Nothing is published"),
        (["run", ".", "--as-of", "yesterday"], "'yesterday' is not a moment"),
        (["intake", "charts"], "holds no orders.csv or orders.parquet"),
    ],
)
def test_a_mistake_ends_in_one_clear_error(tmp_path, arguments, message):
    done = audiencekit(tmp_path / "home", *arguments)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert len(done.stderr.strip().splitlines()) <= 4
