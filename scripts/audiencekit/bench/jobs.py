"""The jobs that the benchmarks measure: `python -m audiencekit.bench.jobs JOB ANSWER_FILE ARGUMENTS_AS_JSON`."""

import json
import sys
from pathlib import Path
from time import perf_counter

from rich.console import Console

from audiencekit.bench.landing import AS_OF, ensure_synthetic_landing
from audiencekit.workspace import open_workspace


def landing(home: str, folder: str, customers: int) -> dict:
    """Make the synthetic landing, unless it is there."""
    return {"landing": str(ensure_synthetic_landing(Path(folder), customers))}


def run(home: str, landing: str) -> dict:
    """The whole job: intake, build and tests, expectations, publish."""
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


def refresh(home: str, landing: str, hour: int) -> dict:
    """Take in extracts of the hours since the run, and evaluate whom they concern."""
    from datetime import timedelta
    from time import sleep

    from audiencekit.live.extracts import Options
    from audiencekit.live.refresh import Surroundings
    from audiencekit.live.refresh import refresh as run_refresh

    options = Options(AS_OF + timedelta(hours=hour))
    done = run_refresh(Path(landing), open_workspace(home), options, Surroundings(print, sleep))
    return {
        "seconds": done.seconds,
        "touched": done.touched,
        "due": done.due,
        "evaluated": done.evaluated,
        "changes": done.changes.total(),
    }


def rewrite(folder: str, target: str) -> dict:
    """DuckDB alone: read the files of a landing, and write them as Parquet."""
    from audiencekit.bench.intake import rewrite_files

    rewrite_files(Path(folder), Path(target))
    return {}


def take_in(home: str, landing: str) -> dict:
    """Intake alone, and its seconds without those in which Python starts."""
    from audiencekit.intake.job import run_intake

    started = perf_counter()
    done = run_intake(Path(landing), open_workspace(home), AS_OF)
    seconds = perf_counter() - started
    return {"rows": sum(table.rows_in for table in done), "seconds": seconds}


def models(home: str) -> dict:
    """dbt once more over the same intake: models and seeds, without tests."""
    from audiencekit.publish.generations import published_manifest
    from audiencekit.run.dbt import DbtVars, dbt_build

    workspace = open_workspace(home)
    dbt_vars = DbtVars(AS_OF, published_manifest(workspace).build_id)
    dbt_build(workspace, dbt_vars, Console(), "--exclude-resource-type", "test")
    return {"nodes": _node_seconds(workspace.home)}


def raw(home: str) -> dict:
    """The SQL that dbt compiled, run by DuckDB alone."""
    from audiencekit.bench.replay import replay

    return {"nodes": replay(open_workspace(home))}


def _node_seconds(home: Path) -> dict[str, float]:
    """Seconds by name of every node the last dbt command ran, tests too."""
    results = json.loads((home / "target" / "run_results.json").read_text())["results"]
    return {_name(r["unique_id"]): r["execution_time"] for r in results}


def _name(unique_id: str) -> str:
    """The name of a node: fct_orders for model.audiencekit.fct_orders, and `test …` for a test."""
    kind, _, name = unique_id.split(".")[:3]
    return f"test {name}" if kind == "test" else name


def records(size: int, target: str) -> dict:
    """Simulated contacts, a fifth of them copies of others."""
    from audiencekit.bench.identity.people import make_records

    made = make_records(size)
    made.to_parquet(target)
    return {"records": len(made)}


def public_records(name: str, folder: str, target: str) -> dict:
    """Write a public set as contacts with the truth."""
    from audiencekit.bench.identity.public_sets import SETS

    made = SETS[name].read(Path(folder))
    made.to_parquet(target)
    return {"records": len(made)}


def demo_records(folder: str, target: str) -> dict:
    """The demo's landing without its identity decisions, and its contacts and logins as records with the true person."""
    from audiencekit.bench.identity.people import demo_records
    from audiencekit.demo import write_demo_landing

    landing, truth = Path(folder) / "landing", Path(folder) / "truth"
    write_demo_landing(landing, truth)
    (landing / "identity_decisions.parquet").unlink()
    made = demo_records(landing, truth)
    made.to_parquet(target)
    return {"records": len(made)}


def write_landing(source: str, target: str, share: float = 1.0) -> dict:
    """Write a landing with the contacts of a Parquet file, or with the first `share` of them."""
    import pandas as pd

    from audiencekit.bench.identity import people_finder

    contacts = pd.read_parquet(source)
    people_finder.write_landing(contacts[: round(share * len(contacts))], Path(target))
    return {"landing": target}


def identify(home: str, landing: str, build_id: str, goes_on: bool) -> dict:
    """Find the people in a landing, and keep the result for the next build."""
    from audiencekit.bench.identity import people_finder

    done = people_finder.identify(home, landing, build_id, goes_on)
    people_finder.keep(open_workspace(home))
    return done


def score(home: str, source: str, pairs: str = "") -> dict:
    """Score the people of a workspace. With `pairs`, score those of another tool, at p = 0.5 and at the best p."""
    import pandas as pd

    from audiencekit.bench.identity import people_finder, scores

    truth = pd.read_parquet(source).set_index("contact_id")["person_id"]
    if not pairs:
        return scores.scores(people_finder.people_of(open_workspace(home)), truth)
    matches = pd.read_parquet(pairs)
    best = scores.best_threshold(matches, truth)
    by_threshold = {
        name: scores.scores(
            scores.clusters(matches[matches["probability"] >= p], truth.index), truth
        )
        for name, p in (("at 0.5", 0.5), ("at best", best))
    }
    return by_threshold | {"best": best}


def kept_keys(before: str, after: str) -> dict:
    """How many customers of `before` (Parquet) have another key in the workspace `after`, and why."""
    import pandas as pd

    from audiencekit.bench.identity import people_finder

    first = pd.read_parquet(before)["customer_key"]
    second = people_finder.people_of(open_workspace(after)).reindex(first.index)
    changed = first[first != second]
    changes = people_finder.changes_of(open_workspace(after))
    return {
        "customers": int(first.nunique()),
        "with another key": int(changed.nunique()),
        "explained": int(changed.isin(changes["previous_key"]).sum() == len(changed)),
        "merged": int((changes["action"] == "merged").sum()),
        "split": int((changes["action"] == "split").sum()),
    }


def remember_people(home: str, target: str) -> dict:
    """Write the customer key of every record of a workspace to a Parquet file."""
    from audiencekit.bench.identity import people_finder

    people_finder.people_of(open_workspace(home)).to_frame().to_parquet(target)
    return {}


JOBS = {
    job.__name__: job
    for job in (landing, run, refresh, rewrite, take_in, models, raw, records, demo_records, write_landing, identify, score, kept_keys, remember_people)
}  # fmt: skip


if __name__ == "__main__":
    job, answer, arguments = sys.argv[1:]
    Path(answer).write_text(json.dumps(JOBS[job](**json.loads(arguments))))
