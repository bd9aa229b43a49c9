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
    from audiencekit.run.job import run as run_job

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
    from audiencekit.publish.generations import current_manifest
    from audiencekit.run.dbt import DbtVars, dbt_build

    workspace = open_workspace(home)
    last = current_manifest(workspace)
    dbt_vars = DbtVars(AS_OF, last.build_id)
    dbt_build(workspace, dbt_vars, Console(), "--exclude-resource-type", "test")
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


def records(size: int, target: str) -> dict:
    """Simulated contacts, a fifth of them copies of others."""
    from audiencekit.bench.identity.people import make_records

    made = make_records(size)
    made.to_parquet(target)
    return {"records": len(made)}


def demo_records(folder: str, target: str) -> dict:
    """The demo's landing, without what its steward decided; as records (Parquet) its contacts and logins, with truth."""
    from audiencekit.bench.identity.people import demo_records
    from audiencekit.demo import write_demo_landing

    landing, truth = Path(folder) / "landing", Path(folder) / "truth"
    write_demo_landing(landing, truth)
    (landing / "identity_decisions.parquet").unlink()
    made = demo_records(landing, truth)
    made.to_parquet(target)
    return {"records": len(made)}


def write_landing(source: str, target: str, share: float = 1.0) -> dict:
    """The landing of contacts (Parquet), or of the first `share` of them."""
    import pandas as pd

    from audiencekit.bench.identity import identifying

    contacts = pd.read_parquet(source)
    identifying.write_landing(contacts[: round(share * len(contacts))], Path(target))
    return {"landing": target}


def identify(home: str, landing: str, build_id: str, goes_on: bool) -> dict:
    """Who is who in a landing, kept for the next build."""
    from audiencekit.bench.identity import identifying

    done = identifying.identify(home, landing, build_id, goes_on)
    identifying.keep(open_workspace(home))
    return done


def score(home: str, source: str, pairs: str = "") -> dict:
    """How right the people of a workspace are; with `pairs`, those a rival took, from p = 0.5 and from the best p."""
    import pandas as pd

    from audiencekit.bench.identity import identifying, scores

    truth = pd.read_parquet(source).set_index("contact_id")["person_id"]
    if not pairs:
        return scores.scores(identifying.people_of(open_workspace(home)), truth)
    found = pd.read_parquet(pairs)
    best = scores.best_threshold(found, truth)
    right = {
        name: scores.scores(scores.clusters(found[found["probability"] >= p], truth.index), truth)
        for name, p in (("at 0.5", 0.5), ("at best", best))
    }
    return right | {"best": best}


def kept_keys(before: str, after: str) -> dict:
    """Of customers whom `before` (Parquet) knew, how many have another key in the workspace `after`."""
    import pandas as pd

    from audiencekit.bench.identity import identifying

    first = pd.read_parquet(before)["customer_key"]
    second = identifying.people_of(open_workspace(after)).reindex(first.index)
    changed = first[first != second]
    changes = identifying.changes_of(open_workspace(after))
    return {
        "customers": int(first.nunique()),
        "with another key": int(changed.nunique()),
        "explained": int(changed.isin(changes["former_key"]).sum() == len(changed)),
        "merged": int((changes["action"] == "merged").sum()),
        "split": int((changes["action"] == "split").sum()),
    }


def remember_people(home: str, target: str) -> dict:
    """Write down who is who in a workspace."""
    from audiencekit.bench.identity import identifying

    identifying.people_of(open_workspace(home)).to_frame().to_parquet(target)
    return {}


JOBS = {
    job.__name__: job
    for job in (landing, run, models, raw, records, demo_records, write_landing, identify, score, kept_keys, remember_people)
}  # fmt: skip


if __name__ == "__main__":
    job, answer, arguments = sys.argv[1:]
    Path(answer).write_text(json.dumps(JOBS[job](**json.loads(arguments))))
