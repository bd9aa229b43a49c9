"""The pointer to the current generation is switched in one step."""

import json
from dataclasses import asdict
from datetime import datetime

import pytest
from click.testing import CliRunner

from audiencekit.cli.jobs import intake
from audiencekit.errors import UserError
from audiencekit.publish.generations import (
    KEPT_GENERATIONS,
    Manifest,
    _drop_old,
    _switch,
    next_build_id,
)
from audiencekit.workspace import Workspace


def test_the_pointer_is_switched_in_one_step_and_old_generations_go(tmp_path):
    workspace = Workspace(tmp_path)
    for number in range(1, 9):
        generation = workspace.generations / f"2018010{number}T000000Z-{number:06d}"
        generation.mkdir(parents=True)
        _switch(workspace.current, generation)
        _drop_old(workspace)
        assert workspace.current.resolve() == generation.resolve()
    kept = sorted(path.name[-1] for path in workspace.generations.iterdir())
    assert kept == [str(n) for n in range(9 - KEPT_GENERATIONS, 9)]


def test_intake_refuses_an_earlier_as_of_as_a_run_does(tmp_path, monkeypatch):
    """Else it would say that rows are lost, which are only later than as_of."""
    workspace = Workspace(tmp_path)
    generation = workspace.generations / "20240602T000000Z-000001"
    generation.mkdir(parents=True)
    manifest = Manifest("20240602T000000Z-000001", "2024-06-02 00:00:00", "", "", {}, {})
    (generation / "manifest.json").write_text(json.dumps(asdict(manifest)))
    _switch(workspace.current, generation)
    monkeypatch.setenv("AUDIENCEKIT_HOME", str(tmp_path))
    (tmp_path / "landing").mkdir()
    result = CliRunner().invoke(
        intake, ["--as-of", "2024-06-01", str(tmp_path / "landing")], standalone_mode=False
    )
    assert isinstance(result.exception, UserError)
    says = (
        "as_of 2024-06-01 00:00:00 is earlier than the published generation's (2024-06-02 00:00:00)"
    )
    assert says in str(result.exception)
    with pytest.raises(UserError, match="is earlier than"):
        next_build_id(workspace, datetime(2024, 6, 1))
