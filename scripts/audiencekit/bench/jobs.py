"""The jobs that are measured: `python -m audiencekit.bench.jobs JOB ANSWER_FILE ARGUMENTS_AS_JSON`."""

import json
import sys
from pathlib import Path

from rich.console import Console

from audiencekit.bench.landing import AS_OF, ensure_synthetic_landing
from audiencekit.workspace import open_workspace


def landing(home: str, folder: str, customers: int) -> dict:
    """Make the synthetic landing, or find it made."""
    return {"landing": str(ensure_synthetic_landing(Path(folder), customers))}


def run(home: str, landing: str) -> dict:
    """The whole job: intake, build and tests, both walls, publish."""
    from audiencekit.running import run as run_job

    workspace = open_workspace(home)
    done = run_job(Path(landing), workspace, AS_OF, Console())
    return {
        "seconds": done.seconds,
        "nodes": _node_seconds(workspace.home),
        "build_id": done.manifest.build_id,
        "commit": done.manifest.commit,
        "landing_rows": done.manifest.landing_rows,
    }


def models(home: str) -> dict:
    """dbt over the same intake once more: models and seeds, no tests."""
    from audiencekit.building import dbt_build
    from audiencekit.publishing import current_manifest

    workspace = open_workspace(home)
    last = current_manifest(workspace)
    dbt_build(workspace, AS_OF, last.build_id, Console(), "--exclude-resource-type", "test")
    return {"nodes": _node_seconds(workspace.home)}


def raw(home: str) -> dict:
    """What dbt compiled, run by DuckDB alone."""
    from audiencekit.bench.replay import replay

    return {"nodes": replay(open_workspace(home))}


def _node_seconds(home: Path) -> dict[str, float]:
    """Seconds by name of every node the last dbt command ran, tests too."""
    results = json.loads((home / "target" / "run_results.json").read_text())["results"]
    return {_name(r["unique_id"]): r["execution_time"] for r in results}


def _name(unique_id: str) -> str:
    """model.audiencekit.fct_orders is fct_orders; a test keeps the word before it."""
    kind, _, name = unique_id.split(".")[:3]
    return f"test {name}" if kind == "test" else name


if __name__ == "__main__":
    job, answer, arguments = sys.argv[1:]
    jobs = {"landing": landing, "run": run, "models": models, "raw": raw}
    Path(answer).write_text(json.dumps(jobs[job](**json.loads(arguments))))
