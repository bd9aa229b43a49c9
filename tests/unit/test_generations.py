"""The pointer to the current generation is switched in one step."""

from audiencekit.publish.generations import (
    KEPT_GENERATIONS,
    _drop_old,
    _switch,
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
